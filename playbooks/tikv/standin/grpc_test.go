package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/pingcap/kvproto/pkg/cdcpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// TiCDC asks whether EventFeedV2 is there with a stream that it closes at once,
// and takes any error for a no.
func TestProbeEndsWithACleanEOF(t *testing.T) {
	l := newLab(t)
	lis := bufconn.Listen(1 << 16)
	gs := newGRPC(l.store)
	go func() { _ = gs.Serve(lis) }()
	defer gs.Stop()
	conn, err := grpc.NewClient("passthrough:///standin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s, err := cdcpb.NewChangeDataClient(conn).EventFeedV2(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); err == nil || err.Error() != "EOF" {
		t.Errorf("the probe got %v, want EOF", err)
	}
}
