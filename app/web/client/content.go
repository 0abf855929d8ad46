package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"parvis/app/api"
)

// Get fetches bytes below /content/ from the node.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	return c.request(ctx, http.MethodGet, path, nil)
}

// Put sends bytes to a path below /content/.
func (c *Client) Put(ctx context.Context, path string, data []byte) error {
	_, err := c.request(ctx, http.MethodPut, path, data)
	return err
}

// Post sends bytes to a path below /content/ and decodes the answer. An error of
// the node is an *api.Error.
func Post[R any](ctx context.Context, c *Client, path string, query map[string]string, data []byte) (result R, err error) {
	values := url.Values{}
	for name, value := range query {
		values.Set(name, value)
	}
	answer, err := c.request(ctx, http.MethodPost, path+"?"+values.Encode(), data)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return result, fmt.Errorf("read the answer of the node: %w", err)
	}
	return result, nil
}

func (c *Client) request(ctx context.Context, method, path string, data []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.host+path, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of the node: %w", err)
	case len(answer) > maxBody:
		return nil, fmt.Errorf("the answer of the node is larger than %d MiB", maxBody>>20)
	case response.StatusCode >= 300:
		failure := &api.Error{Code: api.CodeInternal, Message: "The node answers " + response.Status + "."}
		_ = json.Unmarshal(answer, failure)
		return nil, failure
	}
	return answer, nil
}

// maxBody bounds an answer that is no message, in bytes.
const maxBody = 512 << 20
