// Package shop holds the guilty code: one function a way to leak, each called once a tick.
package shop

import (
	"context"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

type Tick func(i int)

// Leaks: name to a maker of the function called every tick.
var Leaks = map[string]func() Tick{
	"chan-send": func() Tick { return func(int) { ch := make(chan int); go func() { ch <- 1 }() } },
	"chan-recv": func() Tick { return func(int) { ch := make(chan int); go func() { <-ch }() } },
	"chan-range": func() Tick {
		return func(int) {
			ch := make(chan int)
			go func() {
				for range ch {
				}
			}()
			ch <- 1
		}
	},
	"nil-chan": func() Tick { return func(int) { go func() { var ch chan int; <-ch }() } },
	"timeout-reply": func() Tick {
		return func(int) {
			ch := make(chan int)
			go func() { time.Sleep(20 * time.Millisecond); ch <- 1 }()
			select {
			case <-ch:
			case <-time.After(2 * time.Millisecond):
			}
		}
	},
	"double-send": func() Tick { return func(int) { ch := make(chan int, 1); go func() { ch <- 1; ch <- 2 }() } },
	"first-of-many": func() Tick {
		return func(int) {
			ch := make(chan int)
			for i := 0; i < 3; i++ {
				go func() { time.Sleep(time.Duration(rand.Intn(5)) * time.Millisecond); ch <- i }()
			}
			<-ch
		}
	},
	"mutex-never": func() Tick { mu := &sync.Mutex{}; mu.Lock(); return func(int) { go lockIt(mu) } },
	"mutex-twice": func() Tick { return func(int) { mu := &sync.Mutex{}; go func() { mu.Lock(); mu.Lock() }() } },
	"abba": func() Tick {
		return func(int) {
			a, b := &sync.Mutex{}, &sync.Mutex{}
			go func() { a.Lock(); time.Sleep(3 * time.Millisecond); b.Lock() }()
			go func() { b.Lock(); time.Sleep(3 * time.Millisecond); a.Lock() }()
		}
	},
	"rwmutex": func() Tick {
		return func(int) {
			mu := &sync.RWMutex{}
			go func() { mu.RLock(); time.Sleep(3 * time.Millisecond); mu.RLock() }()
			go func() { time.Sleep(time.Millisecond); mu.Lock() }()
		}
	},
	"cond": func() Tick {
		return func(int) { c := sync.NewCond(&sync.Mutex{}); go func() { c.L.Lock(); c.Wait() }() }
	},
	"waitgroup": func() Tick {
		return func(int) { wg := &sync.WaitGroup{}; wg.Add(2); go wg.Done(); go func() { wg.Wait() }() }
	},
	"wg-direct": func() Tick { return func(int) { wg := &sync.WaitGroup{}; wg.Add(1); go wg.Wait() } },
	"wg-children": func() Tick {
		return func(int) {
			go func() {
				var wg sync.WaitGroup
				ch := make(chan int)
				for i := 0; i < 2; i++ {
					wg.Add(1)
					go func() { defer wg.Done(); ch <- i }()
				}
				wg.Wait()
			}()
		}
	},
	"ticker": func() Tick {
		return func(int) {
			t := time.NewTicker(50 * time.Millisecond)
			go func() {
				for range t.C {
				}
			}()
		}
	},
	"sleeper": func() Tick {
		return func(int) {
			go func() {
				for {
					time.Sleep(40 * time.Millisecond)
				}
			}()
		}
	},
	"long-timer": func() Tick { return func(int) { go func() { <-time.After(time.Hour) }() } },
	"ctx-never": func() Tick {
		return func(int) {
			ctx, cancel := context.WithCancel(context.Background())
			_ = cancel
			go func() { <-ctx.Done() }()
		}
	},
	"ctx-select": func() Tick {
		return func(int) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			_ = cancel
			res := make(chan int)
			go func() {
				select {
				case <-ctx.Done():
				case v := <-res:
					_ = v
				}
			}()
		}
	},
	"afterfunc-ctx": func() Tick {
		return func(int) {
			ctx, cancel := context.WithCancel(context.Background())
			go worker(ctx)
			if rand.Intn(2) == 0 {
				cancel()
			}
		}
	},
	"sema": func() Tick { s := make(chan struct{}, 4); return func(int) { go func() { s <- struct{}{} }() } },
	"once": func() Tick {
		var o sync.Once
		block := make(chan int)
		return func(int) { go func() { o.Do(func() { <-block }) }() }
	},
	"pipe": func() Tick { return func(int) { r, w := io.Pipe(); go func() { w.Write([]byte("x")) }(); _ = r } },
	"body": func() Tick {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Write(make([]byte, 1<<16))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}))
		c := &http.Client{Transport: &http.Transport{}}
		return func(int) { c.Get(s.URL) }
	},
	"conn-read": func() Tick {
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		var keep []net.Conn
		return func(int) {
			c, _ := net.Dial("tcp", l.Addr().String())
			keep = append(keep, c)
			s, _ := l.Accept()
			go func() { s.Read(make([]byte, 1)) }()
		}
	},
	"http-handler": func() Tick {
		block := make(chan int)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if rand.Intn(3) == 0 {
				<-block
			}
		}))
		return func(int) { go http.Get(s.URL) }
	},
	"recursion": func() Tick {
		return func(i int) { ch := make(chan int); go deep(ch, rand.Intn(30)) }
	},
	"many-lines": func() Tick {
		return func(i int) { ch := make(chan int); go manyLines(ch, i%5) }
	},
	"helper-two": func() Tick {
		return func(i int) {
			spawn(leakOne)
			if rand.Intn(2) == 0 {
				spawn(leakTwo)
			}
		}
	},
	"sometimes": func() Tick {
		return func(i int) {
			ch := make(chan int)
			if rand.Intn(6) != 0 {
				go func() { <-ch }()
				close(ch)
				return
			}
			go func() { <-ch }()
		}
	},
	"shared-stack": func() Tick {
		return func(i int) {
			for k := 0; k < 3; k++ {
				done := make(chan int)
				go waitFor(done)
				if k != 0 || i%2 == 0 {
					time.AfterFunc(time.Duration(20+rand.Intn(100))*time.Millisecond, func() { close(done) })
				}
			}
		}
	},
	"bursts": func() Tick {
		return func(i int) {
			if i%15 == 14 {
				for k := 0; k < 20; k++ {
					go func() { select {} }()
				}
			}
		}
	},
	"onset": func() Tick {
		return func(i int) {
			if i > 30 {
				ch := make(chan int)
				go func() { ch <- 1 }()
			}
		}
	},
	"slow-one": func() Tick {
		return func(i int) {
			if i%5 == 0 {
				ch := make(chan int)
				go func() { ch <- 1 }()
			}
		}
	},
	"producer-consumer": func() Tick {
		return func(int) {
			jobs := make(chan int)
			done := make(chan bool)
			go func() {
				for j := range jobs {
					if j == 2 {
						return
					}
				}
				done <- true
			}()
			go func() {
				for i := 0; i < 5; i++ {
					jobs <- i
				}
				close(jobs)
				<-done
			}()
		}
	},
	"body-small": func() Tick {
		s := httptest.NewServer(http.NotFoundHandler())
		c := &http.Client{Transport: &http.Transport{}}
		return func(int) { c.Get(s.URL) }
	},
	"two-handlers": func() Tick {
		block := make(chan int)
		var mu sync.Mutex
		mu.Lock()
		mux := http.NewServeMux()
		mux.HandleFunc("/a", func(w http.ResponseWriter, r *http.Request) { <-block })
		mux.HandleFunc("/b", func(w http.ResponseWriter, r *http.Request) { mu.Lock() })
		mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Duration(rand.Intn(100)) * time.Millisecond)
		})
		s := httptest.NewServer(logged(mux))
		get := func(path string) {
			if r, err := http.Get(s.URL + path); err == nil {
				r.Body.Close()
			}
		}
		return func(i int) {
			for k := 0; k < 4; k++ {
				go get("/ok")
			}
			if i%2 == 0 {
				go get("/a")
			}
			if i%3 == 0 {
				go get("/b")
			}
		}
	},
	"wg-go": func() Tick {
		return func(i int) {
			var wg sync.WaitGroup
			ch := make(chan int)
			wg.Go(func() { ch <- i })
			go func() { wg.Wait() }()
		}
	},
	"pool-worker-stuck": func() Tick {
		jobs := make(chan int)
		var mu sync.Mutex
		alive := 0
		start := func() { alive++; go poolLoop(jobs) }
		return func(i int) {
			mu.Lock()
			defer mu.Unlock()
			for alive < 8 {
				start()
			}
			for k := 0; k < 5; k++ {
				select {
				case jobs <- k:
				default:
				}
			}
			if i%3 == 0 {
				select {
				case jobs <- -1:
					alive--
				default:
				}
			}
		}
	},
	"generic": func() Tick { return func(int) { q := &queue[int]{ch: make(chan int)}; go q.push(1) } },
	"errgroup-like": func() Tick {
		return func(int) {
			go func() {
				results := make(chan int)
				for i := 0; i < 3; i++ {
					go func() { results <- i }()
				}
				<-results
			}()
		}
	},
}

type queue[T any] struct{ ch chan T }

func (q *queue[T]) push(v T) { q.ch <- v }

func lockIt(mu *sync.Mutex)      { mu.Lock(); mu.Unlock() }
func worker(ctx context.Context) { <-ctx.Done() }
func waitFor(done chan int)      { <-done }
func deep(ch chan int, n int) {
	if n == 0 {
		ch <- 1
		return
	}
	deep(ch, n-1)
	if n > 100 {
		println(n)
	}
}
func manyLines(ch chan int, k int) {
	switch k {
	case 0:
		ch <- 0
	case 1:
		<-ch
	case 2:
		select {
		case ch <- 1:
		case <-ch:
		}
	case 3:
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
	default:
		for range ch {
		}
	}
}
func spawn(f func()) { go f() }
func leakOne()       { ch := make(chan int); <-ch }
func leakTwo()       { var mu sync.Mutex; mu.Lock(); mu.Lock() }

func logged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) })
}

func poolLoop(jobs chan int) {
	for j := range jobs {
		if j < 0 {
			stuck()
		}
		time.Sleep(time.Duration(rand.Intn(30)) * time.Millisecond)
	}
}

func stuck() { ch := make(chan int); <-ch }
