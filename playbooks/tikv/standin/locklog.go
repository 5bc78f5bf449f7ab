package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
	"go.uber.org/zap"
)

// lockLog keeps unistore's in-memory lock store over a kill: a record for every
// lock set (with its value) or removed (with none), read back at the start. It
// is written with one write(2) a batch and not fsynced: a kill is survived, a
// power cut is not promised.
//
// A record: length of the key, length of the value (both 4 bytes, little
// endian), key, value.
type lockLog struct {
	mu     sync.Mutex
	path   string
	f      *os.File
	size   int64
	limit  int64
	bundle *mvcc.DBBundle
}

const lockLogLimit = 16 << 20

func appendLock(buf, key, val []byte) []byte {
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(key)))
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(val)))
	return append(append(buf, key...), val...)
}

// openLockLog reads the log into the lock store, and begins it anew.
func openLockLog(path string, bundle *mvcc.DBBundle) (*lockLog, error) {
	l := &lockLog{path: path, limit: lockLogLimit, bundle: bundle}
	f, err := os.Open(path)
	if err == nil {
		err = l.replay(bufio.NewReader(f))
		_ = f.Close()
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return l, l.rewrite()
}

func (l *lockLog) replay(r io.Reader) error {
	locks, err := readLocks(r)
	if err != nil {
		return err
	}
	txn := l.bundle.DB.NewTransaction(false)
	defer txn.Discard()
	for key, val := range locks {
		lock := mvcc.DecodeLock(val)
		// Killed between the commit in badger and its record here: the lock is
		// gone, its value is committed.
		if item, err := txn.Get([]byte(key)); err == nil && mvcc.DBUserMeta(item.UserMeta()).StartTS() == lock.StartTS {
			continue
		}
		l.bundle.LockStore.Put([]byte(key), val)
	}
	log.Info("locks read back", zap.Int("locks", l.bundle.LockStore.Len()))
	return nil
}

// readLocks returns the locks that are held at the end of the log. A record cut
// off at the end is of a write that was never acknowledged.
func readLocks(r io.Reader) (map[string][]byte, error) {
	locks := map[string][]byte{}
	var hdr [8]byte
	for {
		_, err := io.ReadFull(r, hdr[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return locks, nil
		} else if err != nil {
			return nil, err
		}
		klen := int64(binary.LittleEndian.Uint32(hdr[:4]))
		vlen := int64(binary.LittleEndian.Uint32(hdr[4:]))
		buf, err := io.ReadAll(io.LimitReader(r, klen+vlen)) // grows with what is there, not with what a header says
		if err != nil {
			return nil, err
		}
		if int64(len(buf)) < klen+vlen {
			return locks, nil
		}
		if key := string(buf[:klen]); vlen == 0 {
			delete(locks, key)
		} else {
			locks[key] = buf[klen:]
		}
	}
}

// rewrite makes the log anew from the lock store; nobody may write meanwhile.
func (l *lockLog) rewrite() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var buf []byte
	it := l.bundle.LockStore.NewIterator()
	for it.SeekToFirst(); it.Valid(); it.Next() {
		buf = appendLock(buf, it.Key(), it.Value())
	}
	if err := os.WriteFile(l.path+".tmp", buf, 0o644); err != nil {
		return err
	}
	if err := os.Rename(l.path+".tmp", l.path); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if l.f != nil {
		_ = l.f.Close()
	}
	l.f, l.size = f, int64(len(buf))
	return nil
}

func (l *lockLog) append(recs []byte) error {
	if len(recs) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.f.Write(recs)
	if err != nil {
		// Half a record would swallow those after it.
		return errors.Join(err, l.f.Truncate(l.size))
	}
	l.size += int64(n)
	return nil
}

func (l *lockLog) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size > l.limit
}

func (l *lockLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		_ = l.f.Close()
	}
}
