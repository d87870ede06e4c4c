package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
	"go.etcd.io/etcd/clientv3/leasing"
	"go.etcd.io/etcd/clientv3/mirror"
	"go.etcd.io/etcd/clientv3/namespace"
	"go.etcd.io/etcd/clientv3/ordering"
	"go.etcd.io/etcd/etcdserver/api/v3rpc/rpctypes"
)

func alone() {
	one := prepare("one", "http")
	start(one)
	client := connect(endpoints(one))
	other := connect(endpoints(one))
	defer client.Close()
	defer other.Close()
	check("put, get and delete, with what was there before", func() { puts(client) })
	check("ranges: order, limit, counts, keys only, bounds of revisions, the past", func() { ranges(client) })
	check("transactions: nested, refused when malformed", func() { transactions(client) })
	check("refusals are etcd's own", func() { refusals(client) })
	check("a watch begins at an old revision, filters, and sees what was before", func() { watches(client) })
	check("a watch below the compacted revision is told so", func() { compaction(client) })
	check("progress is told on request and watches that share a stream do not disturb each other", func() { manyWatches(client) })
	check("a lease lives while it is kept alive and runs out after", func() { leases(client) })
	check("a revoked lease ends its keep-alive and its session", func() { revoked(client) })
	check("a mutex lets in one at a time, and the next when the holder's lease is gone", func() { mutexes(client, other) })
	check("an election: campaign, observe, proclaim, resign, the next leads", func() { elections(client, other) })
	check("software transactional memory: no amount is lost in three kinds of isolation", func() { transfers(client) })
	check("a namespace hides its prefix from reads, watches, transactions and leases", func() { namespaces(client) })
	check("ordering: no answer older than the one before", func() { orders(client) })
	check("leasing: what is kept at a client is taken back by another's write", func() { leasings(client, other) })
	check("a mirror: base, then updates", func() { mirrors(client) })
	check("a snapshot is whole: its checksum fits", func() { snapshots(client) })
	check("status, hash, defragment, alarms, members", func() { maintenance(client, one) })
	check("a watch and a session outlive a kill -9 of the server", func() { restart(client, one) })
}

func puts(client *clientv3.Client) {
	put(client, "p", "1")
	again, err := client.Put(within(), "p", "2", clientv3.WithPrevKV())
	must(err)
	same("before", "1", string(again.PrevKv.Value))
	got, err := client.Get(within(), "p")
	must(err)
	same("version", int64(2), got.Kvs[0].Version)
	gone, err := client.Delete(within(), "p", clientv3.WithPrevKV())
	must(err)
	same("deleted", int64(1), gone.Deleted)
	same("before", "2", string(gone.PrevKvs[0].Value))
	same("revision", again.Header.Revision+1, gone.Header.Revision)
}

func ranges(client *clientv3.Client) {
	first := put(client, "r/a", "3")
	put(client, "r/b", "2")
	put(client, "r/c", "1")
	put(client, "r/a", "4")
	prefix := clientv3.WithPrefix()
	same("all", "r/a=4 r/b=2 r/c=1", text(client, "r/", prefix))
	same("descending", "r/c=1 r/b=2 r/a=4", text(client, "r/", prefix, clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend)))
	same("by value", "r/c=1 r/b=2 r/a=4", text(client, "r/", prefix, clientv3.WithSort(clientv3.SortByValue, clientv3.SortAscend)))
	same("oldest", "r/a=4", text(client, "r/", clientv3.WithFirstCreate()...))
	same("past", "r/a=3", text(client, "r/", prefix, clientv3.WithRev(first)))
	same("from", "r/b=2 r/c=1", text(client, "r/b", clientv3.WithRange("r/z")))
	same("keys", "r/a= r/b= r/c=", text(client, "r/", prefix, clientv3.WithKeysOnly()))
	same("newer", "r/a=4", text(client, "r/", prefix, clientv3.WithMinModRev(first+3)))
	same("older", "r/b=2", text(client, "r/", prefix, clientv3.WithMaxModRev(first+1)))
	page, err := client.Get(within(), "r/", prefix, clientv3.WithLimit(2))
	must(err)
	same("more", true, page.More)
	same("count", int64(3), page.Count)
	counted, err := client.Get(within(), "r/", prefix, clientv3.WithCountOnly(), clientv3.WithSerializable())
	must(err)
	same("only counted", []interface{}{int64(3), 0}, []interface{}{counted.Count, len(counted.Kvs)})
}

func transactions(client *clientv3.Client) {
	put(client, "t/a", "1")
	inner := clientv3.OpTxn([]clientv3.Cmp{clientv3.Compare(clientv3.Version("t/none"), "=", 0)},
		[]clientv3.Op{clientv3.OpPut("t/b", "inner"), clientv3.OpGet("t/a")}, nil)
	done, err := client.Txn(within()).If(clientv3.Compare(clientv3.Value("t/a"), "=", "1"),
		clientv3.Compare(clientv3.Value("t/"), "<", "2").WithPrefix()).
		Then(clientv3.OpPut("t/a", "2"), inner, clientv3.OpDelete("t/none")).Commit()
	must(err)
	same("succeeded", true, done.Succeeded)
	same("inside, what the transaction wrote is seen", "2",
		string(done.Responses[1].GetResponseTxn().Responses[1].GetResponseRange().Kvs[0].Value))
	otherwise, err := client.Txn(within()).If(clientv3.Compare(clientv3.ModRevision("t/a"), ">", done.Header.Revision)).
		Then(clientv3.OpPut("t/a", "never")).Else(clientv3.OpGet("t/", clientv3.WithPrefix())).Commit()
	must(err)
	same("not", false, otherwise.Succeeded)
	same("both of one revision", []int64{done.Header.Revision, done.Header.Revision},
		[]int64{otherwise.Responses[0].GetResponseRange().Kvs[0].ModRevision, otherwise.Responses[0].GetResponseRange().Kvs[1].ModRevision})
	_, err = client.Txn(within()).Then(clientv3.OpPut("t/c", "1"), clientv3.OpPut("t/c", "2")).Commit()
	refused(rpctypes.ErrDuplicateKey, err)
	var many []clientv3.Op
	for i := 0; i < 129; i++ {
		many = append(many, clientv3.OpPut(fmt.Sprintf("t/%d", i), "x"))
	}
	_, err = client.Txn(within()).Then(many...).Commit()
	refused(rpctypes.ErrTooManyOps, err)
}

func refusals(client *clientv3.Client) {
	_, err := client.Put(within(), "", "x")
	refused(rpctypes.ErrEmptyKey, err)
	_, err = client.Put(within(), "never/was", "", clientv3.WithIgnoreValue())
	refused(rpctypes.ErrKeyNotFound, err)
	_, err = client.Put(within(), "large", strings.Repeat("x", 1600*1024))
	refused(rpctypes.ErrRequestTooLarge, err)
	_, err = client.Get(within(), "x", clientv3.WithRev(1<<40))
	refused(rpctypes.ErrFutureRev, err)
	_, err = client.Compact(within(), 1<<40)
	refused(rpctypes.ErrFutureRev, err)
	_, err = client.Put(within(), "x", "x", clientv3.WithLease(4711))
	refused(rpctypes.ErrLeaseNotFound, err)
	_, err = client.Revoke(within(), 4711)
	refused(rpctypes.ErrLeaseNotFound, err)
	_, err = client.KeepAliveOnce(within(), 4711)
	refused(rpctypes.ErrLeaseNotFound, err)
	_, err = client.RoleGet(within(), "nobody")
	refused(rpctypes.ErrRoleNotFound, err)
	_, err = client.MemberRemove(within(), 4711)
	refused(rpctypes.ErrMemberNotFound, err)
}

func watches(client *clientv3.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	from := put(client, "w/a", "1")
	put(client, "w/b", "2")
	_, err := client.Delete(within(), "w/a")
	must(err)
	old := client.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithPrevKV())
	seen, last := events(old, 3)
	same("from the old revision", []string{"PUT w/a=1", "PUT w/b=2", "DELETE w/a="}, seen)
	put(client, "w/b", "3")
	now, _ := events(client.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithRev(last+1)), 1)
	same("resumed", []string{"PUT w/b=3"}, now)
	answer := <-old
	same("what was before", "2", string(answer.Events[0].PrevKv.Value))
	deletes := client.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithFilterPut())
	only, _ := events(deletes, 1)
	same("only deletes", []string{"DELETE w/a="}, only)
	future := client.Watch(ctx, "w/f", clientv3.WithRev(last+3), clientv3.WithCreatedNotify())
	same("created", true, (<-future).Created)
	put(client, "w/f", "too early")
	put(client, "w/f", "in time")
	in, _ := events(future, 1)
	same("from a revision to come", []string{"PUT w/f=in time"}, in)
}

func compaction(client *clientv3.Client) {
	old := put(client, "c", "1")
	put(client, "c", "2")
	floor := put(client, "c", "3")
	_, err := client.Compact(within(), floor, clientv3.WithCompactPhysical())
	must(err)
	_, err = client.Get(within(), "c", clientv3.WithRev(old))
	refused(rpctypes.ErrCompacted, err)
	_, err = client.Compact(within(), floor)
	refused(rpctypes.ErrCompacted, err)
	ended := <-client.Watch(context.Background(), "c", clientv3.WithRev(old))
	refused(rpctypes.ErrCompacted, ended.Err())
	same("where to begin", floor, ended.CompactRevision)
	same("and what is left", "c=3", text(client, "c", clientv3.WithRev(floor)))
}

func manyWatches(client *clientv3.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var all []clientv3.WatchChan
	for i := 0; i < 200; i++ {
		all = append(all, client.Watch(ctx, fmt.Sprintf("m/%d", i), clientv3.WithCreatedNotify(), clientv3.WithProgressNotify()))
	}
	for _, watch := range all {
		same("created", true, (<-watch).Created)
	}
	last := int64(0)
	for i := range all {
		last = put(client, fmt.Sprintf("m/%d", i), "x")
	}
	for i, watch := range all {
		seen, _ := events(watch, 1)
		same("its own", []string{fmt.Sprintf("PUT m/%d=x", i)}, seen)
	}
	quiet := client.Watch(ctx, "m/quiet", clientv3.WithCreatedNotify())
	<-quiet
	eventually("progress", func() bool {
		must(client.RequestProgress(ctx))
		select {
		case answer := <-quiet:
			return answer.IsProgressNotify() && answer.Header.Revision >= last
		case <-time.After(time.Second):
			return false
		}
	})
}

func leases(client *clientv3.Client) {
	granted, err := client.Grant(within(), 2)
	must(err)
	put(client, "l", "x", clientv3.WithLease(granted.ID))
	gone := client.Watch(context.Background(), "l")
	ctx, cancel := context.WithCancel(context.Background())
	alive, err := client.KeepAlive(ctx, granted.ID)
	must(err)
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		same("kept alive for", int64(2), (<-alive).TTL)
	}
	left, err := client.TimeToLive(within(), granted.ID, clientv3.WithAttachedKeys())
	must(err)
	same("its keys", "[l]", fmt.Sprintf("%s", left.Keys))
	all, err := client.Leases(within())
	must(err)
	same("listed", true, strings.Contains(fmt.Sprint(all.Leases), fmt.Sprint(int64(granted.ID))))
	select {
	case early := <-gone:
		failf("expired while it was kept alive: %v", early)
	default:
	}
	cancel()
	ended := time.Now()
	seen, _ := events(gone, 1)
	same("then", []string{"DELETE l="}, seen)
	if lived := time.Since(ended); lived < 500*time.Millisecond || lived > 8*time.Second {
		failf("ran out %v after the last keep-alive of 2 s", lived)
	}
	left, err = client.TimeToLive(within(), granted.ID)
	must(err)
	same("left", int64(-1), left.TTL)
}

func revoked(client *clientv3.Client) {
	session, err := concurrency.NewSession(client, concurrency.WithTTL(60))
	must(err)
	put(client, "s", "x", clientv3.WithLease(session.Lease()))
	_, err = client.Revoke(within(), session.Lease())
	must(err)
	same("gone with it", "", text(client, "s"))
	granted, err := client.Grant(within(), 1)
	must(err)
	orphan, err := concurrency.NewSession(client, concurrency.WithLease(granted.ID))
	must(err)
	_, err = client.Revoke(within(), granted.ID)
	must(err)
	select {
	case <-orphan.Done():
	case <-time.After(patience):
		failf("a session does not notice that its lease is gone")
	}
}

func mutexes(client, other *clientv3.Client) {
	var waiting sync.WaitGroup
	inside, entered, crowded := 0, 0, false
	for i := 0; i < 6; i++ {
		from := []*clientv3.Client{client, other}[i%2]
		session, err := concurrency.NewSession(from, concurrency.WithTTL(10))
		must(err)
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			defer session.Close()
			mutex := concurrency.NewMutex(session, "mutex")
			for n := 0; n < 5; n++ {
				if mutex.Lock(within()) != nil {
					return
				}
				inside++
				crowded = crowded || inside > 1
				entered++
				time.Sleep(time.Millisecond)
				inside--
				if mutex.Unlock(within()) != nil {
					return
				}
			}
		}()
	}
	waiting.Wait()
	same("two at once", false, crowded)
	same("entered", 30, entered)
	holder, err := concurrency.NewSession(client, concurrency.WithTTL(1))
	must(err)
	held := concurrency.NewMutex(holder, "held")
	must(held.Lock(within()))
	guarded, err := client.Txn(within()).If(held.IsOwner()).Then(clientv3.OpPut("guarded", "x")).Commit()
	must(err)
	same("the holder may write", true, guarded.Succeeded)
	next, err := concurrency.NewSession(other)
	must(err)
	defer next.Close()
	holder.Orphan()
	must(concurrency.NewMutex(next, "held").Lock(within()))
	guarded, err = client.Txn(within()).If(held.IsOwner()).Then(clientv3.OpPut("guarded", "y")).Commit()
	must(err)
	same("who held it may not", false, guarded.Succeeded)
}

func elections(client, other *clientv3.Client) {
	first, err := concurrency.NewSession(client, concurrency.WithTTL(10))
	must(err)
	defer first.Close()
	second, err := concurrency.NewSession(other, concurrency.WithTTL(10))
	must(err)
	defer second.Close()
	one, two := concurrency.NewElection(first, "e"), concurrency.NewElection(second, "e")
	must(one.Campaign(within(), "one"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	leaders := two.Observe(ctx)
	next := func() string { return string((<-leaders).Kvs[0].Value) }
	same("leads", "one", next())
	must(one.Proclaim(within(), "one again"))
	same("proclaims", "one again", next())
	won := make(chan error, 1)
	go func() { won <- two.Campaign(within(), "two") }()
	must(one.Resign(within()))
	must(<-won)
	same("the next leads", "two", next())
	refused(concurrency.ErrElectionNotLeader, one.Proclaim(within(), "no more"))
	must(two.Resign(within()))
	_, err = two.Leader(within())
	refused(concurrency.ErrElectionNoLeader, err)
}

func transfers(client *clientv3.Client) {
	for _, isolation := range []concurrency.Isolation{concurrency.SerializableSnapshot, concurrency.Serializable, concurrency.RepeatableReads} {
		for i := 0; i < 4; i++ {
			put(client, fmt.Sprintf("stm/%d", i), "100")
		}
		var waiting sync.WaitGroup
		for worker := 0; worker < 4; worker++ {
			from, to := fmt.Sprintf("stm/%d", worker), fmt.Sprintf("stm/%d", (worker+1)%4)
			waiting.Add(1)
			go func() {
				defer waiting.Done()
				for n := 0; n < 10; n++ {
					concurrency.NewSTM(client, func(memory concurrency.STM) error {
						var a, b int
						fmt.Sscan(memory.Get(from), &a)
						fmt.Sscan(memory.Get(to), &b)
						memory.Put(from, fmt.Sprint(a-7))
						memory.Put(to, fmt.Sprint(b+7))
						return nil
					}, concurrency.WithIsolation(isolation))
				}
			}()
		}
		waiting.Wait()
		for i := 0; i < 4; i++ {
			same("each gave and took the same", fmt.Sprintf("stm/%d=100", i), text(client, fmt.Sprintf("stm/%d", i)))
		}
	}
}

func namespaces(client *clientv3.Client) {
	kv := namespace.NewKV(client.KV, "ns/")
	watch := namespace.NewWatcher(client.Watcher, "ns/").Watch(within(), "k")
	lease := namespace.NewLease(client.Lease, "ns/")
	granted, err := lease.Grant(within(), 60)
	must(err)
	put(client, "k", "outside")
	put(kv, "k", "inside", clientv3.WithLease(granted.ID))
	same("inside", "k=inside", text(kv, "k", clientv3.WithPrefix()))
	same("outside", "ns/k=inside", text(client, "ns/k"))
	seen, _ := events(watch, 1)
	same("watched", []string{"PUT k=inside"}, seen)
	left, err := lease.TimeToLive(within(), granted.ID, clientv3.WithAttachedKeys())
	must(err)
	same("leased", "[k]", fmt.Sprintf("%s", left.Keys))
	done, err := kv.Txn(within()).If(clientv3.Compare(clientv3.Value("k"), "=", "inside")).Then(clientv3.OpGet("k")).Commit()
	must(err)
	same("in a transaction", "k", string(done.Responses[0].GetResponseRange().Kvs[0].Key))
}

func orders(client *clientv3.Client) {
	kv := ordering.NewKV(client.KV, func(clientv3.Op, clientv3.OpResponse, int64) error {
		return fmt.Errorf("an answer went back in time")
	})
	for i := 0; i < 50; i++ {
		put(client, "o", fmt.Sprint(i))
		_, err := kv.Get(within(), "o", clientv3.WithSerializable())
		must(err)
	}
}

func leasings(client, other *clientv3.Client) {
	kept, closeKept, err := leasing.NewKV(client, "leasing/", concurrency.WithTTL(10))
	must(err)
	defer closeKept()
	rival, closeRival, err := leasing.NewKV(other, "leasing/", concurrency.WithTTL(10))
	must(err)
	defer closeRival()
	put(kept, "x", "1")
	same("taken", "x=1", text(kept, "x"))
	same("kept", "x=1", text(kept, "x"))
	put(rival, "x", "2")
	same("taken back", "x=2", text(kept, "x"))
	same("the rival's too", "x=2", text(rival, "x"))
}

func mirrors(client *clientv3.Client) {
	for i := 0; i < 100; i++ {
		put(client, fmt.Sprintf("mirror/%03d", i), "x")
	}
	now := put(client, "mirror/last", "x")
	syncer := mirror.NewSyncer(client, "mirror/", now)
	pages, failures := syncer.SyncBase(within())
	copied := 0
	for page := range pages {
		copied += len(page.Kvs)
	}
	must(<-failures)
	same("copied", 101, copied)
	put(client, "mirror/new", "y")
	seen, _ := events(syncer.SyncUpdates(within()), 1)
	same("then", []string{"PUT mirror/new=y"}, seen)
}

func snapshots(client *clientv3.Client) {
	stream, err := client.Snapshot(within())
	must(err)
	whole, err := io.ReadAll(stream)
	must(err)
	must(stream.Close())
	body, sum := whole[:len(whole)-sha256.Size], whole[len(whole)-sha256.Size:]
	found := sha256.Sum256(body)
	same("checksum", sum, found[:])
	same("pages of a database", true, len(body)%4096 == 0 && bytes.Equal(body[16:20], []byte{0xed, 0xda, 0x0c, 0xed}))
}

func maintenance(client *clientv3.Client, one *server) {
	status, err := client.Status(within(), one.client)
	must(err)
	same("leads itself", status.Header.MemberId, status.Leader)
	same("has a version and a size", true, status.Version != "" && status.DbSize > 0)
	before, err := client.HashKV(within(), one.client, 0)
	must(err)
	_, err = client.Defragment(within(), one.client)
	must(err)
	after, err := client.HashKV(within(), one.client, 0)
	must(err)
	same("the hash of what is there", before.Hash, after.Hash)
	alarms, err := client.AlarmList(within())
	must(err)
	same("alarms", 0, len(alarms.Alarms))
	members, err := client.MemberList(within())
	must(err)
	same("members", "one", members.Members[0].Name)
	must(client.Sync(within()))
	same("found by asking", []string{one.client}, client.Endpoints())
}

func restart(client *clientv3.Client, one *server) {
	session, err := concurrency.NewSession(client, concurrency.WithTTL(30))
	must(err)
	put(client, "restart/held", "x", clientv3.WithLease(session.Lease()))
	watch := client.Watch(context.Background(), "restart/", clientv3.WithPrefix())
	var expected []string
	for round := 0; round < 20; round++ {
		if round == 10 {
			one.kill()
			one.run()
			one.awaitReady()
		}
		value := fmt.Sprint(round)
		eventually("a write after the restart", func() bool {
			_, err := client.Put(within(), "restart/k", value)
			return err == nil
		})
		expected = append(expected, "PUT restart/k="+value)
	}
	seen, _ := events(watch, len(expected))
	same("watched", expected, seen)
	same("held", "restart/held=x", text(client, "restart/held"))
	must(session.Close())
	same("let go", "", text(client, "restart/held"))
}
