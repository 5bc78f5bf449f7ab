package main

import (
	"errors"

	"github.com/pingcap/kvproto/pkg/kvrpcpb"
	"github.com/pingcap/log"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/kverrors"
	"github.com/pingcap/tidb/pkg/store/mockstore/unistore/tikv/mvcc"
	"go.uber.org/zap"
)

// errLate refuses a 1PC or async-commit prewrite that comes with a commit
// timestamp the feed has already called resolved. TiCDC would panic on its rows;
// the client sees a retryable error of its transaction instead.
const errLate = kverrors.ErrRetryable("the stand-in's change feed is already past this commit timestamp")

// hookWriter passes every write on to unistore's writer. Once it is in the
// store, it logs what it did to the locks and gives its rows to the feed. All
// ways to commit (2PC, async commit, 1PC, a lock resolved) come through here.
type hookWriter struct {
	mvcc.DBWriter
	bundle *mvcc.DBBundle
	feed   *feed
	wal    *lockLog
}

// row is one key of one committed transaction.
type row struct {
	key, value        []byte
	startTS, commitTS uint64
}

type hookBatch struct {
	mvcc.WriteBatch
	w                 *hookWriter
	startTS, commitTS uint64
	rows              []row
	locks             []byte // records for lockLog
	// ownTS is the commit timestamp that unistore chose for this batch (1PC), or
	// the lowest it may commit at (async prewrite): nothing in the lock store
	// holds the feed below it before the batch lands. 0 for any other batch.
	ownTS uint64
}

func (w *hookWriter) NewWriteBatch(startTS, commitTS uint64, ctx *kvrpcpb.Context) mvcc.WriteBatch {
	return &hookBatch{WriteBatch: w.DBWriter.NewWriteBatch(startTS, commitTS, ctx), w: w, startTS: startTS, commitTS: commitTS}
}

func (w *hookWriter) Write(batch mvcc.WriteBatch) error {
	b := batch.(*hookBatch)
	// No resolved timestamp is computed between the commit and its rows in the
	// queues of the subscribers.
	w.feed.mu.RLock()
	defer w.feed.mu.RUnlock()
	if b.ownTS != 0 {
		defer w.feed.pd.landed(b.ownTS)
		if b.ownTS <= w.feed.promised {
			log.Warn("late write refused", zap.Uint64("commitTS", b.ownTS), zap.Uint64("resolved", w.feed.promised))
			return errLate
		}
	}
	w.feed.announce(b.rows)
	if err := w.DBWriter.Write(b.WriteBatch); err != nil {
		return err
	}
	w.feed.publish(b.rows) // whatever becomes of the lock log: the rows are committed
	if err := w.wal.append(b.locks); err != nil {
		log.Error("lock log", zap.Error(err))
		return errors.Join(errors.New("lock log"), err)
	}
	return nil
}

func (b *hookBatch) Prewrite(key []byte, lock *mvcc.Lock) {
	b.WriteBatch.Prewrite(key, lock)
	b.locks = appendLock(b.locks, key, lock.MarshalBinary())
	if lock.UseAsyncCommit && (b.ownTS == 0 || lock.MinCommitTS < b.ownTS) {
		b.ownTS = lock.MinCommitTS
	}
}

func (b *hookBatch) PessimisticLock(key []byte, lock *mvcc.Lock) {
	b.WriteBatch.PessimisticLock(key, lock)
	b.locks = appendLock(b.locks, key, lock.MarshalBinary())
}

func (b *hookBatch) PessimisticRollback(key []byte) {
	b.WriteBatch.PessimisticRollback(key)
	b.locks = appendLock(b.locks, key, nil)
}

func (b *hookBatch) Rollback(key []byte, deleteLock bool) {
	b.WriteBatch.Rollback(key, deleteLock)
	if deleteLock {
		b.locks = appendLock(b.locks, key, nil)
	}
}

func (b *hookBatch) Commit(key []byte, lock *mvcc.Lock) {
	b.WriteBatch.Commit(key, lock)
	b.locks = appendLock(b.locks, key, nil)
	if !b.w.prewritten(key, b.startTS) {
		b.ownTS = b.commitTS
	}
	if op := kvrpcpb.Op(lock.Op); op != kvrpcpb.Op_Lock && op != kvrpcpb.Op_PessimisticLock {
		b.rows = append(b.rows, row{key: clone(key), value: clone(lock.Value), startTS: b.startTS, commitTS: b.commitTS})
	}
}

// prewritten says whether the transaction has a prewrite lock on the key; it
// has none when it commits in one phase.
func (w *hookWriter) prewritten(key []byte, startTS uint64) bool {
	buf := w.bundle.LockStore.Get(key, nil)
	if len(buf) == 0 {
		return false
	}
	lock := mvcc.DecodeLock(buf)
	return lock.StartTS == startTS && kvrpcpb.Op(lock.Op) != kvrpcpb.Op_PessimisticLock
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
