package main

import (
	"sync"

	"github.com/pingcap/kvproto/pkg/cdcpb"
)

// stream is the queue of one gRPC stream, in the order of pushing. It has no
// bound: writers never wait for a slow reader, memory pays for it.
type stream struct {
	mu    sync.Mutex
	queue []*cdcpb.ChangeDataEvent
	wake  chan struct{}
}

func newStream() *stream { return &stream{wake: make(chan struct{}, 1)} }

func (s *stream) push(e *cdcpb.ChangeDataEvent) {
	s.mu.Lock()
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // a wake-up is under way
	}
}

func (s *stream) take() []*cdcpb.ChangeDataEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queue
	s.queue = nil
	return q
}

// send empties the queue into the gRPC stream until that ends.
func (s *stream) send(out cdcpb.ChangeData_EventFeedServer) error {
	for {
		select {
		case <-out.Context().Done():
			return out.Context().Err()
		case <-s.wake:
		}
		for _, e := range s.take() {
			if err := out.Send(e); err != nil {
				return err
			}
		}
	}
}
