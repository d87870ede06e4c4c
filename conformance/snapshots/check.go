// Opens a bbolt file with bbolt itself: "check FILE" runs its own check, "dump FILE" prints every pair of every bucket.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

func main() {
	db, err := bolt.Open(os.Args[2], 0600, &bolt.Options{ReadOnly: true})
	stop(err)
	defer db.Close()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	stop(db.View(func(tx *bolt.Tx) error {
		if os.Args[1] == "check" {
			found := 0
			for err := range tx.Check() {
				fmt.Fprintln(out, err)
				found++
			}
			if found > 0 {
				out.Flush()
				return fmt.Errorf("%d errors", found)
			}
			return nil
		}
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			fmt.Fprintln(out, string(name))
			return b.ForEach(func(k, v []byte) error {
				if len(v) > 1024 {
					sum := sha256.Sum256(v)
					v = sum[:]
				}
				_, err := fmt.Fprintln(out, hex.EncodeToString(k)+" "+hex.EncodeToString(v))
				return err
			})
		})
	}))
}

func stop(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
