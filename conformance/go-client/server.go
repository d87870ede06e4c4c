package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// server is one process of the server under test.
type server struct {
	name, client, peer string
	arguments          []string
	process            *exec.Cmd
}

var servers []*server

func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func prepare(name, scheme string, extra ...string) *server {
	made := &server{name: name, client: fmt.Sprintf("%s://127.0.0.1:%d", scheme, freePort()),
		peer: fmt.Sprintf("http://127.0.0.1:%d", freePort())}
	made.arguments = append([]string{"--name", name, "--data-dir", filepath.Join(*directory, name),
		"--listen-client-urls", made.client, "--advertise-client-urls", made.client,
		"--listen-peer-urls", made.peer, "--initial-advertise-peer-urls", made.peer}, extra...)
	servers = append(servers, made)
	return made
}

// start starts members of one cluster and waits until each serves clients.
func start(members ...*server) {
	var names []string
	for _, member := range members {
		names = append(names, member.name+"="+member.peer)
	}
	for _, member := range members {
		member.run("--initial-cluster", strings.Join(names, ","), "--initial-cluster-state", "new")
	}
	for _, member := range members {
		member.awaitReady()
	}
}

func (s *server) run(extra ...string) {
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	must(err)
	defer log.Close()
	s.arguments = append(s.arguments, extra...)
	s.process = exec.Command(*binary, s.arguments...)
	s.process.Stdout, s.process.Stderr = log, log
	must(s.process.Start())
}

func (s *server) log() string { return filepath.Join(*directory, s.name+".log") }

func (s *server) awaitReady() {
	for end := time.Now().Add(2 * patience); ; time.Sleep(20 * time.Millisecond) {
		said, _ := os.ReadFile(s.log())
		if strings.Contains(string(said), "ready to serve client requests") ||
			strings.Contains(string(said), "serving insecure client requests on") ||
			strings.Contains(string(said), "serving client requests on") {
			return
		}
		if time.Now().After(end) {
			failf("%s is not ready: %s", s.name, said)
		}
	}
}

func (s *server) kill() {
	if s.process != nil {
		s.process.Process.Kill()
		s.process.Wait()
		s.process = nil
	}
}

func stopAll() {
	for _, server := range servers {
		server.kill()
	}
	servers = nil
}

func endpoints(members ...*server) clientv3.Config {
	var urls []string
	for _, member := range members {
		urls = append(urls, member.client)
	}
	return clientv3.Config{Endpoints: urls}
}
