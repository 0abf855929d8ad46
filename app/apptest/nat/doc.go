// Package nat tests nodes behind NATs and firewalls. Each computer is a network
// namespace with one TUN device; every packet that leaves it passes through the
// test, which plays the routers, the NATs and the Internet. It needs root and
// iproute2 and skips without.
package nat
