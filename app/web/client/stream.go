package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"parvis/app/api"
)

// Download copies what lies at a path below /content/ to out, however large it is,
// and returns what the node says behind it.
func (c *Client) Download(ctx context.Context, path string, query url.Values, out io.Writer) (trailer http.Header, err error) {
	response, err := c.send(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return nil, failureOf(response)
	}
	if _, err := io.Copy(out, response.Body); err != nil {
		return nil, fmt.Errorf("copy from the node: %w", err)
	}
	return response.Trailer, nil
}

// Upload sends all of in to a path below /content/ and decodes the answer. An error
// of the node is an *api.Error.
func Upload[R any](ctx context.Context, c *Client, path string, query url.Values, in io.Reader) (result R, err error) {
	response, err := c.send(ctx, http.MethodPost, path, query, io.NopCloser(in))
	if err != nil {
		return result, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return result, failureOf(response)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&result); err != nil {
		return result, fmt.Errorf("read the answer of the node: %w", err)
	}
	return result, nil
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.host+path+"?"+query.Encode(), body)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	return response, nil
}

// failureOf is the error that an answer carries.
func failureOf(response *http.Response) error {
	failure := &api.Error{Code: api.CodeInternal, Message: "The node answers " + response.Status + "."}
	_ = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(failure)
	return failure
}
