// Command leaks runs one scenario and writes a series of goroutine dumps: dumps/NAME/goroutine-debugD-NNN.txt
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"time"

	"example.com/leaks/shop"
)

func main() {
	name, out := os.Args[1], os.Args[2]
	dumps, _ := strconv.Atoi(os.Args[3])
	var tick func(int)
	if f, ok := shop.Leaks[name]; ok {
		tick = f()
	} else {
		tick = healthy[name]()
	}
	os.MkdirAll(out, 0o755)
	next := time.Now().Add(100 * time.Millisecond)
	for i, n := 0, 1; n <= dumps; i++ {
		tick(i)
		time.Sleep(30 * time.Millisecond)
		if time.Now().After(next) {
			next = next.Add(150 * time.Millisecond)
			for _, d := range []int{1, 2} {
				f, _ := os.Create(filepath.Join(out, fmt.Sprintf("goroutine-debug%d-%03d.txt", d, n)))
				pprof.Lookup("goroutine").WriteTo(f, d)
				f.Close()
			}
			n++
		}
	}
}

func init() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		for k := range shop.Leaks {
			fmt.Println("leak", k)
		}
		for k := range healthy {
			fmt.Println("ok", k)
		}
		os.Exit(0)
	}
}
