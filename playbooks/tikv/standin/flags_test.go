package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFlagsOfTiKV(t *testing.T) {
	o, done, err := parseFlags([]string{"--addr=h:1", "--status-addr", "h:2", "--pd-endpoints=a:1,b:2", "--data-dir=d",
		"--log-file=l", "-C", "tikv.toml", "--labels=zone=z", "--capacity=1GB"}, io.Discard, io.Discard)
	want := settings{addr: "h:1", advertise: "h:1", statusAddr: "h:2", advertiseStatus: "h:2", pd: "a:1,b:2", dataDir: "d",
		logFile: "l", logLevel: "info"}
	if err != nil || done || o != want {
		t.Errorf("%+v %v %v", o, done, err)
	}
	if got := o.pdEndpoints(); len(got) != 2 || got[0] != "a:1" || got[1] != "b:2" {
		t.Errorf("endpoints %q", got)
	}
	o, _, err = parseFlags([]string{"-A", "0.0.0.0:1", "--advertise-addr=h:1", "--advertise-status-addr=h:2"}, io.Discard, io.Discard)
	if err != nil || o.addr != "0.0.0.0:1" || o.advertise != "h:1" || o.advertiseStatus != "h:2" {
		t.Errorf("%+v %v", o, err)
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{{"--no-such-flag"}, {"stray"}, {"--pd="}} {
		if _, done, err := parseFlags(args, io.Discard, io.Discard); err == nil || done {
			t.Errorf("%q was taken", args)
		}
	}
}

func TestVersionSaysStandIn(t *testing.T) {
	for _, flag := range []string{"-V", "--version"} {
		var out bytes.Buffer
		if _, done, err := parseFlags([]string{flag}, &out, io.Discard); !done || err != nil {
			t.Fatalf("%s: %v %v", flag, done, err)
		}
		for _, want := range []string{"stand-in", "NOT TiKV", "Release Version:   8.4.0-alpha\n", "github.com/pingcap/tidb v1.1.0-beta.0."} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s does not say %q:\n%s", flag, want, out.String())
			}
		}
	}
}

func TestConfigCheckSaysThatNothingWasChecked(t *testing.T) {
	var out bytes.Buffer
	if _, done, err := parseFlags([]string{"--config-check", "--data-dir=d", "--config=no-such-file"}, &out, io.Discard); !done || err != nil {
		t.Fatalf("%v %v", done, err)
	}
	if !strings.Contains(out.String(), "not TiKV") || !strings.Contains(out.String(), "nothing was checked") {
		t.Error(out.String())
	}
	if _, done, err := parseFlags([]string{"--config-check", "stray"}, io.Discard, io.Discard); done || err == nil {
		t.Error("a stray argument was taken")
	}
}

func TestStatusSaysStandIn(t *testing.T) {
	rec := httptest.NewRecorder()
	statusHandler(settings{}).ServeHTTP(rec, httptest.NewRequest("GET", "/status", nil))
	var body map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || body["stand_in"] != true || body["version"] != "8.4.0-alpha" {
		t.Errorf("%v %s", err, rec.Body)
	}
}
