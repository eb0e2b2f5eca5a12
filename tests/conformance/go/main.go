// Adapter puts the Go package behind the HTTP interface of tests/conformance/README.md. It ends when stdin does.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "adapter:", err)
		os.Exit(1)
	}
}

// serve answers requests until stdin ends.
func serve() error {
	port := os.Getenv("PORT")
	if port == "" {
		port = "0"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	a := &adapter{}
	go http.Serve(listener, a.routes())
	io.Copy(io.Discard, os.Stdin)
	a.end()
	for _, dir := range a.dirs {
		remove(dir)
	}
	return nil
}

// remove removes a directory in which a thread of overt's may still write: it ends a moment after its client.
func remove(dir string) {
	for range 100 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
