package spool

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Counts are what this process did, and of that what the ledger is still to be told.
type Counts struct {
	mutex    sync.Mutex
	recorded int64
	own      Ledger
	news     map[string]int64
}

// Own says what this process recorded, and what became of events.
func (c *Counts) Own() (recorded int64, own Ledger) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	own = c.own
	own.Lost = map[string]int64{}
	maps.Copy(own.Lost, c.own.Lost)
	return c.recorded, own
}

func (c *Counts) record() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.recorded++
}

// add counts what the ledger knows from a record.
func (c *Counts) add(word string, number int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.own.count(word, int64(number))
}

// Book counts what no record says: the ledger is told.
func (c *Counts) Book(word string, number int) {
	c.add(word, number)
	c.tell(map[string]int64{word: int64(number)})
}

func (c *Counts) tell(news map[string]int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.news == nil {
		c.news = map[string]int64{}
	}
	for word, number := range news {
		c.news[word] += number
	}
}

// give gives the news away, as records without a place in a segment; what cannot be told is kept.
func (c *Counts) give(tell func(done) error) {
	c.mutex.Lock()
	news := c.news
	c.news = nil
	c.mutex.Unlock()
	var all done
	for _, word := range slices.Sorted(maps.Keys(news)) {
		all = append(all, record{events: news[word], word: word})
	}
	if tell(all) != nil {
		c.tell(news)
	}
}

// enter tells the ledger. Only for who holds the right to deliver.
func (c *Counts) enter(dir string, parkedUntil int64) {
	c.give(func(news done) error { return enter(dir, news, parkedUntil) })
}

// leave leaves the news to the next who delivers.
func (c *Counts) leave(dir string, now time.Time) {
	c.give(func(news done) error {
		if len(news) == 0 {
			return nil
		}
		return leaveNews(dir, news, now)
	})
}
