// Go's own etcd client (clientv3 3.4, Debian's golang-etcd-server-dev) against a server given by its path:
//
//	go-client -etcd /usr/bin/etcd -dir WORK
//
// Starts one server, one with certificates and accounts, and three members; prints one line a check and exits with 1 when one failed.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
)

const patience = 30 * time.Second

var (
	binary    = flag.String("etcd", "etcd", "the server to start")
	directory = flag.String("dir", ".", "where servers keep their data")
	failures  = 0
)

func main() {
	flag.Parse()
	defer stopAll()
	section("one", alone)
	section("secured", secured)
	section("three", three)
	stopAll()
	if failures > 0 {
		os.Exit(1)
	}
}

// section runs checks which share servers; what fails outside a check counts as one.
func section(name string, checks func()) {
	check(name+": the servers start and stop", checks)
}

type failed struct{ message string }

// check prints ok or FAIL with its reason; a panic of the client counts as a failure of the check.
func check(name string, body func()) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
			fmt.Println("ok   ", name)
		case failed:
			failures++
			fmt.Printf("FAIL  %s: %s\n", name, reason.message)
		default:
			failures++
			fmt.Printf("FAIL  %s: %v\n%s", name, reason, debug.Stack())
		}
	}()
	body()
}

func failf(format string, arguments ...interface{}) {
	panic(failed{fmt.Sprintf(format, arguments...)})
}

func must(err error) {
	if err != nil {
		failf("%v\n%s", err, where())
	}
}

func where() string {
	lines := strings.Split(string(debug.Stack()), "\n")
	var ours []string
	for _, line := range lines {
		if strings.Contains(line, "/go-client/") {
			ours = append(ours, strings.TrimSpace(line))
		}
	}
	return "      " + strings.Join(ours, "\n      ")
}

func same(what string, expected, found interface{}) {
	if !reflect.DeepEqual(expected, found) {
		failf("%s: expected %v, found %v\n%s", what, expected, found, where())
	}
}

func refused(expected, found error) {
	if found == nil || !(errors.Is(found, expected) || found.Error() == expected.Error()) {
		failf("expected the error %q, found %v\n%s", expected, found, where())
	}
}

func eventually(what string, condition func() bool) {
	for end := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			failf("not within %v: %s\n%s", patience, what, where())
		}
	}
}

func within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	time.AfterFunc(patience, cancel)
	return ctx
}

func connect(config clientv3.Config) *clientv3.Client {
	config.DialTimeout = patience
	client, err := clientv3.New(config)
	must(err)
	return client
}

func put(kv clientv3.KV, key, value string, options ...clientv3.OpOption) int64 {
	answer, err := kv.Put(within(), key, value, options...)
	must(err)
	return answer.Header.Revision
}

// text reads a range as "key=value key=value".
func text(kv clientv3.KV, key string, options ...clientv3.OpOption) string {
	answer, err := kv.Get(within(), key, options...)
	must(err)
	var found bytes.Buffer
	for i, pair := range answer.Kvs {
		if i > 0 {
			found.WriteByte(' ')
		}
		fmt.Fprintf(&found, "%s=%s", pair.Key, pair.Value)
	}
	return found.String()
}

// events collects n events as "PUT key=value" and says where the last of them stands.
func events(watch clientv3.WatchChan, n int) (seen []string, last int64) {
	timeout := time.After(patience)
	for len(seen) < n {
		select {
		case answer, open := <-watch:
			if !open {
				failf("the watch ended after %v\n%s", seen, where())
			}
			must(answer.Err())
			for _, event := range answer.Events {
				seen = append(seen, fmt.Sprintf("%s %s=%s", event.Type, event.Kv.Key, event.Kv.Value))
				last = event.Kv.ModRevision
			}
		case <-timeout:
			failf("only %v of %d events within %v\n%s", seen, n, patience, where())
		}
	}
	return seen, last
}
