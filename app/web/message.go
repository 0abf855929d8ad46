package web

import (
	"encoding/json"
	"strconv"
)

// The messages to a client are put together around JSON that encoding/json has made
// a moment ago: encoding it again for every listener would cost more than all else
// here.

// eventMessage is {"event","data"}, a fact.
func eventMessage(name string, data json.RawMessage) []byte {
	m := make([]byte, 0, len(name)+len(data)+24)
	m = append(m, `{"event":`...)
	m = strconv.AppendQuote(m, name) // event names are plain words
	m = append(m, `,"data":`...)
	m = append(m, data...)
	return append(m, '}')
}

// resultMessage is {"id","result"}, the answer to a call.
func resultMessage(id int64, result json.RawMessage) []byte {
	return answerMessage(id, "result", result)
}

// errorMessage is {"id","error"}, a call that failed.
func errorMessage(id int64, failure json.RawMessage) []byte {
	return answerMessage(id, "error", failure)
}

func answerMessage(id int64, key string, value json.RawMessage) []byte {
	m := make([]byte, 0, len(value)+48)
	m = append(m, `{"id":`...)
	m = strconv.AppendInt(m, id, 10)
	m = append(m, `,"`...)
	m = append(m, key...)
	m = append(m, `":`...)
	m = append(m, value...)
	return append(m, '}')
}
