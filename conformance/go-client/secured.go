package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
)

// authority signs certificates for the server and its clients.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
	serial      int64
}

func newAuthority() *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	made := &authority{certificate: certificate, key: key, pool: x509.NewCertPool(), serial: 1}
	made.pool.AddCert(certificate)
	write("ca.pem", "CERTIFICATE", der)
	return made
}

func write(name, kind string, der []byte) string {
	path := filepath.Join(*directory, name)
	must(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

// issue makes a certificate for the server and its clients alike, and writes NAME.pem and NAME.key.
func (a *authority) issue(name string) (certificate, key string) {
	a.serial++
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, secret.Public(), a.key)
	must(err)
	encoded, err := x509.MarshalECPrivateKey(secret)
	must(err)
	return write(name+".pem", "CERTIFICATE", der), write(name+".key", "EC PRIVATE KEY", encoded)
}

func (a *authority) client(server *server, name string) clientv3.Config {
	pair, err := tls.LoadX509KeyPair(a.issue(name))
	must(err)
	config := endpoints(server)
	config.TLS = &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{pair}}
	return config
}

func secured() {
	authority := newAuthority()
	certificate, key := authority.issue("server")
	server := prepare("secured", "https", "--cert-file", certificate, "--key-file", key,
		"--trusted-ca-file", filepath.Join(*directory, "ca.pem"), "--client-cert-auth")
	start(server)
	anybody := authority.client(server, "nobody-of-note")
	root := connect(anybody)
	defer root.Close()
	check("a certificate is asked for, and one of the authority's is taken", func() { certificates(server, authority, root) })
	check("accounts: users, roles and permissions, granted and taken back", func() { accounts(anybody, root) })
	check("a certificate's name is a user", func() { names(server, authority) })
	check("a watch and a lease obey permissions", func() { permitted(anybody) })
	check("authentication is disabled again", func() { disabled(anybody, root) })
}

func certificates(server *server, authority *authority, known *clientv3.Client) {
	put(known, "tls", "x")
	for _, certificates := range [][]tls.Certificate{nil, strangers()} {
		config := endpoints(server)
		config.TLS = &tls.Config{RootCAs: authority.pool, Certificates: certificates}
		config.DialTimeout = 2 * time.Second
		stranger, err := clientv3.New(config)
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			_, err = stranger.Put(ctx, "tls", "never")
			cancel()
			stranger.Close()
		}
		if err == nil {
			failf("served with certificates %v", certificates)
		}
	}
	same("nobody else wrote", "tls=x", text(known, "tls"))
}

// strangers returns a certificate that signs itself.
func strangers() []tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "root"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	return []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
}

func as(config clientv3.Config, user, password string) clientv3.Config {
	config.Username, config.Password = user, password
	return config
}

func accounts(anybody clientv3.Config, open *clientv3.Client) {
	ctx := within()
	_, err := open.AuthEnable(ctx)
	refused(rpctypes.ErrRootUserNotExist, err)
	for _, user := range []string{"root", "alice"} {
		_, err = open.UserAdd(ctx, user, user+"'s")
		must(err)
		_, err = open.RoleAdd(ctx, user)
		must(err)
		_, err = open.UserGrantRole(ctx, user, user)
		must(err)
	}
	_, err = open.UserAdd(ctx, "alice", "again")
	refused(rpctypes.ErrUserAlreadyExist, err)
	_, err = open.RoleGrantPermission(ctx, "alice", "a/", clientv3.GetPrefixRangeEnd("a/"), clientv3.PermissionType(clientv3.PermReadWrite))
	must(err)
	_, err = open.RoleGrantPermission(ctx, "alice", "shown", "", clientv3.PermissionType(clientv3.PermRead))
	must(err)
	_, err = open.AuthEnable(ctx)
	must(err)
	wrong := as(anybody, "alice", "wrong")
	wrong.DialTimeout = patience
	_, err = clientv3.New(wrong)
	refused(rpctypes.ErrAuthFailed, err)
	root, alice := connect(as(anybody, "root", "root's")), connect(as(anybody, "alice", "alice's"))
	defer root.Close()
	defer alice.Close()
	put(root, "shown", "x")
	put(alice, "a/1", "1")
	same("read", "shown=x", text(alice, "shown"))
	_, err = alice.Put(ctx, "shown", "y")
	refused(rpctypes.ErrPermissionDenied, err)
	_, err = alice.Get(ctx, "a/", clientv3.WithRange("b"))
	refused(rpctypes.ErrPermissionDenied, err)
	_, err = alice.Txn(ctx).Then(clientv3.OpPut("a/2", "2"), clientv3.OpPut("b/2", "2")).Commit()
	refused(rpctypes.ErrPermissionDenied, err)
	same("nothing of it", "a/1=1", text(alice, "a/", clientv3.WithPrefix()))
	_, err = alice.UserList(ctx)
	refused(rpctypes.ErrPermissionDenied, err)
	listed, err := root.UserList(ctx)
	must(err)
	same("users", []string{"alice", "root"}, listed.Users)
	_, err = root.RoleRevokePermission(ctx, "alice", "shown", "")
	must(err)
	_, err = alice.Get(ctx, "shown")
	refused(rpctypes.ErrPermissionDenied, err)
	_, err = root.UserChangePassword(ctx, "alice", "new")
	must(err)
	_, err = clientv3.New(as(anybody, "alice", "alice's"))
	refused(rpctypes.ErrAuthFailed, err)
}

func names(server *server, authority *authority) {
	alice := connect(authority.client(server, "alice"))
	defer alice.Close()
	put(alice, "a/certificate", "x")
	_, err := alice.Put(within(), "b", "x")
	refused(rpctypes.ErrPermissionDenied, err)
	stranger := connect(authority.client(server, "stranger"))
	defer stranger.Close()
	if _, err = stranger.Put(within(), "a/certificate", "y"); err == nil {
		failf("a name without an account may write")
	}
	same("and did not", "a/certificate=x", text(alice, "a/certificate"))
}

func permitted(anybody clientv3.Config) {
	alice, root := connect(as(anybody, "alice", "new")), connect(as(anybody, "root", "root's"))
	defer alice.Close()
	defer root.Close()
	seen := alice.Watch(within(), "a/watched")
	denied := <-alice.Watch(within(), "b/watched")
	if denied.Err() == nil || !denied.Canceled {
		failf("a watch of what may not be read: %v", denied)
	}
	put(root, "a/watched", "x")
	told, _ := events(seen, 1)
	same("told", []string{"PUT a/watched=x"}, told)
	granted, err := root.Grant(within(), 60)
	must(err)
	put(root, "b/leased", "x", clientv3.WithLease(granted.ID))
	_, err = alice.Revoke(within(), granted.ID)
	refused(rpctypes.ErrPermissionDenied, err)
	_, err = root.Revoke(within(), granted.ID)
	must(err)
}

func disabled(anybody clientv3.Config, open *clientv3.Client) {
	root := connect(as(anybody, "root", "root's"))
	defer root.Close()
	_, err := open.Put(within(), "free", "x")
	if err == nil {
		failf("served without an account")
	}
	_, err = root.AuthDisable(within())
	must(err)
	eventually("open to all", func() bool {
		_, err := open.Put(within(), "free", "x")
		return err == nil
	})
}
