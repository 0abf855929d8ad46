package seal

import (
	"errors"
	"strings"
)

// errBech32 reports text that is no Bech32, or was mistyped.
var errBech32 = errors.New("not Bech32, or mistyped")

const bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// EncodeBech32 writes data as Bech32 (BIP 173) behind a prefix in lower case, of any
// length.
func EncodeBech32(prefix string, data []byte) string {
	values := regroup(data, 8, 5)
	var b strings.Builder
	b.WriteString(prefix + "1")
	for _, v := range append(values, bech32Sum(prefix, values)...) {
		b.WriteByte(bech32Alphabet[v])
	}
	return b.String()
}

// DecodeBech32 reads what EncodeBech32 wrote, in lower or in upper case.
func DecodeBech32(prefix, text string) ([]byte, error) {
	lower := strings.ToLower(text)
	if text != lower && text != strings.ToUpper(text) {
		return nil, errBech32
	}
	body, found := strings.CutPrefix(lower, prefix+"1")
	if !found || len(body) < bech32SumLength {
		return nil, errBech32
	}
	values := make([]byte, len(body))
	for i := range len(body) {
		at := strings.IndexByte(bech32Alphabet, body[i])
		if at < 0 {
			return nil, errBech32
		}
		values[i] = byte(at)
	}
	if bech32Mix(append(bech32Prefix(prefix), values...)) != 1 {
		return nil, errBech32
	}
	data := regroup(values[:len(values)-bech32SumLength], 5, 8)
	if EncodeBech32(prefix, data) != lower {
		return nil, errBech32 // bits behind the last byte that are not zero
	}
	return data, nil
}

// regroup moves bits from groups of one size to groups of another. Going to larger
// groups, bits that fill none are left out.
func regroup(from []byte, size, to uint) []byte {
	var all []byte
	var bits uint32
	var have uint
	for _, b := range from {
		bits, have = bits<<size|uint32(b), have+size
		for have >= to {
			have -= to
			all = append(all, byte(bits>>have)&(1<<to-1))
		}
	}
	if have > 0 && to < size {
		all = append(all, byte(bits<<(to-have))&(1<<to-1))
	}
	return all
}

const bech32SumLength = 6

func bech32Sum(prefix string, values []byte) []byte {
	sum := bech32Mix(append(append(bech32Prefix(prefix), values...), make([]byte, bech32SumLength)...)) ^ 1
	all := make([]byte, bech32SumLength)
	for i := range all {
		all[i] = byte(sum>>(5*(bech32SumLength-1-i))) & 31
	}
	return all
}

func bech32Prefix(prefix string) []byte {
	var all []byte
	for i := range len(prefix) {
		all = append(all, prefix[i]>>5)
	}
	all = append(all, 0)
	for i := range len(prefix) {
		all = append(all, prefix[i]&31)
	}
	return all
}

// bech32Mix is the code of BIP 173, which finds up to four wrong characters.
func bech32Mix(values []byte) uint32 {
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, factor := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= factor
			}
		}
	}
	return sum
}
