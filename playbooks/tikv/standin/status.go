package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// statusHandler answers what a lab asks of TiKV's status port. The paths are
// TiKV's; the body of /status says what really answers.
func statusHandler(o settings) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"version": strings.TrimPrefix(Release, "v"), "git_hash": gitHash, "stand_in": true, "unistore": unistoreVersion(),
		})
	})
	mux.HandleFunc("/config", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"log-level": o.logLevel, "server": map[string]string{"addr": o.addr, "advertise-addr": o.advertise,
				"status-addr": o.statusAddr}, "storage": map[string]string{"data-dir": o.dataDir},
		})
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte("tikv_stand_in 1\n"))
	})
	return mux
}
