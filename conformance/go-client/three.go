package main

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
)

func three() {
	members := []*server{prepare("m1", "http"), prepare("m2", "http"), prepare("m3", "http")}
	start(members...)
	client := connect(endpoints(members...))
	defer client.Close()
	check("three members: one leader, one state, whoever is asked", func() { agreement(client, members) })
	check("three members: leadership is handed over", func() { handover(members) })
	check("three members: the leader's kill -9 loses no acknowledged write, no event and no session", func() { failover(client, members) })
}

func leaderOf(members []*server) *server {
	var found *server
	eventually("a leader", func() bool {
		for _, member := range members {
			if status := statusOf(member); status != nil && status.Leader != 0 && status.Leader == status.Header.MemberId {
				found = member
				return true
			}
		}
		return false
	})
	return found
}

func statusOf(member *server) *clientv3.StatusResponse {
	if member.process == nil {
		return nil
	}
	client := connect(endpoints(member))
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	status, err := client.Status(ctx, member.client)
	if err != nil {
		return nil
	}
	return status
}

func agreement(client *clientv3.Client, members []*server) {
	listed, err := client.MemberList(within())
	must(err)
	same("members", 3, len(listed.Members))
	for i := 0; i < 100; i++ {
		put(client, fmt.Sprintf("k/%03d", i), fmt.Sprint(i))
	}
	last := put(client, "k/last", "x")
	hashes := map[uint32]int{}
	for _, member := range members {
		single := connect(endpoints(member))
		answer, err := single.Get(within(), "k/", clientv3.WithPrefix(), clientv3.WithCountOnly())
		must(err)
		same("keys at "+member.name, int64(101), answer.Count)
		hash, err := single.HashKV(within(), member.client, last)
		must(err)
		hashes[hash.Hash]++
		single.Close()
	}
	same("different hashes", 1, len(hashes))
}

func handover(members []*server) {
	leader := leaderOf(members)
	next := members[0]
	if next == leader {
		next = members[1]
	}
	client := connect(endpoints(leader))
	defer client.Close()
	_, err := client.MoveLeader(within(), statusOf(next).Header.MemberId)
	must(err)
	same("leads", next.name, leaderOf(members).name)
}

func failover(client *clientv3.Client, members []*server) {
	session, err := concurrency.NewSession(client, concurrency.WithTTL(20))
	must(err)
	put(client, "f/held", "x", clientv3.WithLease(session.Lease()))
	first := put(client, "f/w", "begin")
	watch := client.Watch(context.Background(), "f/w", clientv3.WithRev(first+1))
	acknowledged := map[string]bool{}
	leader := leaderOf(members)
	for i := 0; i < 200; i++ {
		if i == 100 {
			leader.kill()
		}
		value := fmt.Sprint(i)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if _, err := client.Put(ctx, "f/w", value); err == nil {
			acknowledged[value] = true
		}
		cancel()
	}
	if len(acknowledged) < 150 {
		failf("only %d of 200 writes were acknowledged", len(acknowledged))
	}
	last := put(client, "f/w", "end")
	seen := followed(watch, first, last)
	for value := range acknowledged {
		same("the watch saw "+value, true, seen[value])
	}
	same("the session's key", "f/held=x", text(client, "f/held"))
	same("another leads", true, leaderOf(members) != leader)
	leader.run()
	leader.awaitReady()
	eventually("the member that came back has all of it", func() bool {
		back := connect(endpoints(leader))
		defer back.Close()
		return text(back, "f/w", clientv3.WithSerializable()) == "f/w=end"
	})
	must(session.Close())
}

// followed reads a watch up to revision last: every value it told, each at a later revision than the one before.
func followed(watch clientv3.WatchChan, at, last int64) map[string]bool {
	seen := map[string]bool{}
	timeout := time.After(patience)
	for at < last {
		select {
		case answer := <-watch:
			must(answer.Err())
			for _, event := range answer.Events {
				if event.Kv.ModRevision <= at {
					failf("revision %d was told after %d", event.Kv.ModRevision, at)
				}
				at = event.Kv.ModRevision
				seen[string(event.Kv.Value)] = true
			}
		case <-timeout:
			failf("the watch stands at %d of %d", at, last)
		}
	}
	return seen
}
