// Command tutorial-slice is the memory leak of most tutorials: a slice that grows by 1 MiB every 10 ms and is never let go.
package main

import "time"

var kept [][]byte

func leak() {
	chunk := make([]byte, 1<<20)
	for i := range chunk {
		chunk[i] = 1
	}
	kept = append(kept, chunk)
}

func main() {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		leak()
		time.Sleep(10 * time.Millisecond)
	}
}
