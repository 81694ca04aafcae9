// Small programs that leak, each in its way, and healthy ones that look like it for a while: one kind a process, its address on stdout.
package main

import (
	"bytes"
	"container/list"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Called 50 times a second with the number of the tick and the bytes that it may use up in it.
type kind func(tick, bytes int)

var sink any

// ---- leaks ----
type record struct{ a, b, c, d, e, f, g, h int64 }

var recs []record

func appendStructs(_, n int) {
	for i := 0; i < n/64; i++ {
		recs = append(recs, record{a: int64(i)})
	}
}

var raw []byte

func appendBytes(_, n int) { raw = append(raw, make([]byte, n)...) }

type order struct{ items [480]byte }

var orders []*order

func retainPointers(_, n int) {
	for i := 0; i < n/480; i++ {
		orders = append(orders, &order{})
	}
}

type user struct{ data [400]byte }

var users = map[string]*user{}
var userN int

func mapPointers(_, n int) {
	for i := 0; i < n/450; i++ {
		userN++
		users[fmt.Sprint("user", userN)] = &user{}
	}
}

var seen = map[int64][2]int64{}

func mapInline(_, n int) {
	for i := 0; i < n/30; i++ {
		userN++
		seen[int64(userN)] = [2]int64{}
	}
}

var never = make(chan int)

func goroutineHeap(_, n int) {
	for i := 0; i < n/16384; i++ {
		go func() {
			b := make([]byte, 14000)
			<-never
			sink = b
		}()
	}
}

func closureTimer(_, n int) {
	for i := 0; i < n/8192; i++ {
		buf := make([]byte, 8000)
		time.AfterFunc(time.Hour, func() { sink = buf })
	}
}

var logText bytes.Buffer

func bufferGrows(_, n int) {
	line := strings.Repeat("x", 100)
	for i := 0; i < n/100; i++ {
		logText.WriteString(line)
	}
}

var root, stop = context.WithCancel(context.Background())

func contextLeak(_, n int) {
	for i := 0; i < n/300; i++ {
		c, cancel := context.WithCancel(context.WithValue(root, "k", i))
		_ = c
		_ = cancel
	}
}

type node struct {
	next *node
	data [200]byte
}

var head *node

func linkedList(_, n int) {
	for i := 0; i < n/208; i++ {
		head = &node{next: head}
	}
}

var sessions sync.Map

func syncMapLeak(_, n int) {
	for i := 0; i < n/1200; i++ {
		userN++
		sessions.Store(userN, make([]byte, 1000))
	}
}

var heads [][]byte

func subSlice(_, n int) {
	for i := 0; i < n/65536; i++ {
		body := make([]byte, 65536)
		heads = append(heads, body[:16])
	}
}

var handlers []func()

func callbackLeak(_, n int) {
	for i := 0; i < n/4000; i++ {
		state := make([]int64, 500)
		handlers = append(handlers, func() { state[0]++ })
	}
}

var backlog []string

// A slice whose elements are taken from the front and which is filled faster than it is emptied.
func queueBehind(_, n int) {
	for i := 0; i < n/128; i++ {
		backlog = append(backlog, strings.Repeat("q", 100))
	}
	if k := len(backlog) / 1000; k > 0 {
		backlog = backlog[k:]
	}
}

// ---- healthy ----
var pool = sync.Pool{New: func() any { b := make([]byte, 32768); return &b }}

func poolUse(t, n int) {
	k := 8 + (t*7)%40
	out := make([]*[]byte, 0, k)
	for i := 0; i < k; i++ {
		out = append(out, pool.Get().(*[]byte))
	}
	for _, b := range out {
		pool.Put(b)
	}
	sink = make([]byte, n/4)
}

type lru struct {
	m   map[int]*list.Element
	l   *list.List
	max int
}

var cache = lru{map[int]*list.Element{}, list.New(), 0}
var total int // bytes of the whole run

func lruFill(_, n int) {
	cache.max = total / 6 / 1100 // full after a sixth
	for i := 0; i < n/1100; i++ {
		userN++
		cache.m[userN] = cache.l.PushFront(make([]byte, 1000))
		if cache.l.Len() > cache.max {
			e := cache.l.Back()
			cache.l.Remove(e)
			delete(cache.m, userN-cache.max)
		}
	}
}

var table []*order
var used int

func warmUp(_, n int) {
	used += n
	if used < total/5 {
		for i := 0; i < n/480; i++ {
			table = append(table, &order{})
		}
	} else {
		sink = make([]byte, n)
	}
}

var batch []*order

func batchJob(t, n int) {
	for i := 0; i < n/480; i++ {
		batch = append(batch, &order{})
	}
	if t%130 == 129 {
		batch = nil
	}
}

func churn(_, n int) {
	for i := 0; i < n/2000; i++ {
		sink = make([]byte, 2000)
	}
}

var ring [4096][]byte
var ringAt int

func ringBuffer(_, n int) {
	for i := 0; i < n/1000; i++ {
		ring[ringAt%4096] = make([]byte, 1000)
		ringAt++
	}
}

func breathing(t, n int) {
	k := 5 + 25*((t/40)%2)
	for i := 0; i < k; i++ {
		go func() {
			b := make([]byte, 16384)
			time.Sleep(300 * time.Millisecond)
			sink = b
		}()
	}
	sink = make([]byte, n/4)
}

var buf []record

func appendReset(t, n int) {
	for i := 0; i < n/64; i++ {
		buf = append(buf, record{})
	}
	if t%70 == 69 {
		buf = nil
	}
}

var reused []record

func appendReused(t, n int) {
	for i := 0; i < n/64; i++ {
		reused = append(reused, record{})
	}
	if t%40 == 39 {
		reused = reused[:0]
	}
}

type item struct {
	born int
	data [900]byte
}

var ttl []*item

func ttlCache(t, n int) {
	for i := 0; i < n/1000; i++ {
		ttl = append(ttl, &item{born: t})
	}
	i := 0
	for i < len(ttl) && ttl[i].born < t-60 {
		i++
	}
	ttl = append([]*item(nil), ttl[i:]...)
}

var conf []*order

func reload(t, n int) {
	sink = make([]byte, n/2)
	if t == total/n/2 {
		for i := 0; i < total/3/480; i++ {
			conf = append(conf, &order{})
		}
	}
}

// The in-flight set follows the load, which goes up and down (period 8 s).
func sineLoad(t, n int) {
	k := []int{4, 10, 20, 28, 30, 28, 20, 10}[(t/30)%8]
	for i := 0; i < k; i++ {
		go func() {
			b := make([]byte, 12000)
			time.Sleep(400 * time.Millisecond)
			sink = b
		}()
	}
}

var mapEmptied = map[int]*user{}

func mapEvicts(t, n int) {
	for i := 0; i < n/450; i++ {
		userN++
		mapEmptied[userN] = &user{}
	}
	if t%50 == 49 {
		for k := range mapEmptied {
			delete(mapEmptied, k)
		}
	}
}

var kinds = map[string]kind{
	"leak-append-structs": appendStructs, "leak-append-bytes": appendBytes, "leak-pointers": retainPointers, "leak-map": mapPointers,
	"leak-map-inline": mapInline, "leak-goroutine": goroutineHeap, "leak-timer": closureTimer, "leak-buffer": bufferGrows,
	"leak-context": contextLeak, "leak-list": linkedList, "leak-syncmap": syncMapLeak, "leak-subslice": subSlice,
	"leak-callback": callbackLeak, "leak-queue": queueBehind,
	"ok-pool": poolUse, "ok-lru": lruFill, "ok-warmup": warmUp, "ok-batch": batchJob, "ok-churn": churn, "ok-ring": ringBuffer,
	"ok-breathing": breathing, "ok-append-reset": appendReset, "ok-append-reused": appendReused, "ok-ttl": ttlCache,
	"ok-reload": reload, "ok-sine": sineLoad, "ok-map-evicts": mapEvicts,
}

func main() {
	name := flag.String("kind", "", "")
	n := flag.Int("n", 12, "")
	spacing := flag.Duration("spacing", 500*time.Millisecond, "")
	mib := flag.Float64("mib", 4, "a second")
	warm := flag.Duration("warm", 0, "")
	flag.Parse()
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Println("http://" + l.Addr().String())
	go http.Serve(l, nil)
	run := *warm + time.Duration(*n)*(*spacing)
	per := int(*mib * 1048576 / 50)
	total = int(run.Seconds()*50) * per
	f := kinds[*name]
	tick := time.NewTicker(20 * time.Millisecond)
	end := time.Now().Add(run + 3*time.Second)
	for t := 0; time.Now().Before(end); t++ {
		<-tick.C
		f(t, per)
		// the garbage that any server makes
		for i := 0; i < 20; i++ {
			sink = make([]byte, 20000)
		}
		runtime.KeepAlive(sink)
	}
}
