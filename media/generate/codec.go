package generate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Sizes of sound as it is here: 48 kHz, one channel, 20 ms a packet.
const (
	sampleRate    = 48000
	packetSamples = sampleRate / 50
)

// Limits of the codec.
const (
	memoryPages = 32 << 20 >> 16 // of 64 KiB; it begins with 16 MiB
	// maxSamples is what one packet may hold, 120 ms (RFC 6716, section 3.2.5).
	maxSamples = sampleRate * 120 / 1000
)

// Names and numbers of libopus' opus_defines.h.
const (
	applicationVoIP   = 2048
	setBitrate        = 4002
	setVBR            = 4006
	setComplexity     = 4010
	setInbandFEC      = 4012
	setPacketLossPerc = 4014
	setSignal         = 4024
	signalVoice       = 3001
)

var errCodec = errors.New("the audio codec failed")

// Codec is libopus as WebAssembly, run by wazero: what a crafted packet does to it
// stays inside, and is an error. It is made at the first use, which takes some tenths of
// a second. Safe for concurrent use; one call runs at a time. A call cannot be ended
// early: code that asks whether it should stop is four times as slow, and the work is
// bounded by the length of the packets.
type Codec struct {
	mu       sync.Mutex
	closed   bool
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	instance *opusInstance // nil after a trap
}

// NewCodec fails only when the program was built without the codec, or with another one.
func NewCodec() (*Codec, error) {
	if _, err := readModule(module); err != nil {
		return nil, err
	}
	return &Codec{}, nil
}

// Close frees the memory. It waits for a call that is running.
func (c *Codec) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.runtime == nil {
		return nil
	}
	err := c.runtime.Close(context.Background())
	c.runtime, c.compiled, c.instance = nil, nil, nil
	return err
}

// do runs f with an instance. One that failed is replaced at the next call.
func (c *Codec) do(f func(in *opusInstance) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("%w: it is closed", errCodec)
	}
	if err := c.start(); err != nil {
		return fmt.Errorf("start audio codec: %w", err)
	}
	err := f(c.instance)
	if c.instance.broken {
		err = errors.Join(err, c.instance.module.Close(context.Background()))
		c.instance = nil
	}
	return err
}

// start compiles, once, and makes an instance where there is none.
func (c *Codec) start() error {
	if c.runtime == nil {
		if err := c.compile(); err != nil {
			return err
		}
	}
	if c.instance != nil {
		return nil
	}
	in, err := newOpusInstance(c.runtime, c.compiled)
	c.instance = in
	return err
}

func (c *Codec) compile() error {
	ctx := context.Background()
	code, err := readModule(module)
	if err != nil {
		return err
	}
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(memoryPages)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	err = bindOpus(ctx, runtime)
	if err == nil {
		c.compiled, err = runtime.CompileModule(ctx, code)
	}
	if err != nil {
		return errors.Join(err, runtime.Close(ctx))
	}
	c.runtime = runtime
	return nil
}

// bindOpus gives what the module imports. libopus has no business with files: its
// only use for them is a last word before it gives up.
func bindOpus(ctx context.Context, runtime wazero.Runtime) error {
	system := runtime.NewHostModuleBuilder("wasi_snapshot_preview1")
	system.NewFunctionBuilder().WithFunc(func(uint32) { panic(errCodec) }).Export("proc_exit")
	system.NewFunctionBuilder().WithFunc(func(uint32) uint32 { return 0 }).Export("fd_close")
	system.NewFunctionBuilder().WithFunc(func(_, _, _, _ uint32) uint32 { return 0 }).Export("fd_write")
	system.NewFunctionBuilder().WithFunc(func(_ uint32, _ uint64, _, _ uint32) uint32 { return 0 }).Export("fd_seek")
	if _, err := system.Instantiate(ctx); err != nil {
		return err
	}
	env := runtime.NewHostModuleBuilder("env")
	env.NewFunctionBuilder().WithFunc(func(uint32) {}).Export("emscripten_notify_memory_growth")
	_, err := env.Instantiate(ctx)
	return err
}

// opusInstance is one instance with room for an encoder, a decoder, a packet and its
// sound, which are made anew for each use.
type opusInstance struct {
	module           api.Module
	encoder, decoder uint64
	packet, sound    uint64
	broken           bool
}

func newOpusInstance(runtime wazero.Runtime, compiled wazero.CompiledModule) (*opusInstance, error) {
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	m, err := runtime.InstantiateModule(context.Background(), compiled, config)
	if err != nil {
		return nil, err
	}
	in := &opusInstance{module: m}
	for _, room := range []struct {
		at     *uint64
		length int
	}{
		{&in.encoder, in.call("opus_encoder_get_size", 1)},
		{&in.decoder, in.call("opus_decoder_get_size", 1)},
		{&in.packet, maxPacket},
		{&in.sound, 2 * maxSamples},
	} {
		*room.at = uint64(uint32(in.call("malloc", uint64(max(room.length, 1)))))
		in.broken = in.broken || *room.at == 0
	}
	if in.broken {
		return nil, errors.Join(errCodec, m.Close(context.Background()))
	}
	return in, nil
}

// call runs a function of libopus; a negative result is an error of its own. After a
// trap the instance is broken, and all results are -1.
func (in *opusInstance) call(name string, args ...uint64) int {
	if in.broken {
		return -1
	}
	results, err := in.module.ExportedFunction(name).Call(context.Background(), args...)
	if err != nil || len(results) == 0 {
		in.broken = true
		return -1
	}
	return int(int32(results[0]))
}

// encode turns sound into packets of packetSamples, from a new encoder.
func (in *opusInstance) encode(sound []int16, bitrate uint64) ([][]byte, error) {
	failed := in.call("opus_encoder_init", in.encoder, sampleRate, 1, applicationVoIP)
	for _, set := range [][2]uint64{
		{setBitrate, bitrate}, {setVBR, 1}, {setComplexity, 5}, {setSignal, signalVoice},
		{setInbandFEC, 1}, {setPacketLossPerc, 10}, // without an expected loss none is written
	} {
		failed = min(failed, in.call("opus_encoder_ctl_set", in.encoder, set[0], set[1]))
	}
	if failed < 0 {
		return nil, errCodec
	}
	var packets [][]byte
	for ; len(sound) >= packetSamples; sound = sound[packetSamples:] {
		pcm, _ := binary.Append(nil, binary.LittleEndian, sound[:packetSamples])
		in.module.Memory().Write(uint32(in.sound), pcm)
		length := in.call("opus_encode", in.encoder, in.sound, packetSamples, in.packet, maxPacket)
		packet, ok := in.module.Memory().Read(uint32(in.packet), uint32(max(length, 0)))
		if length <= 0 || !ok {
			return nil, errCodec
		}
		packets = append(packets, append([]byte(nil), packet...))
	}
	return packets, nil
}

// decode is the sound of packets that follow each other, from a new decoder.
func (in *opusInstance) decode(packets [][]byte) ([]int16, error) {
	if in.call("opus_decoder_init", in.decoder, sampleRate, 1) < 0 {
		return nil, errCodec
	}
	var sound []int16
	for _, packet := range packets {
		if len(packet) > maxPacket || !in.module.Memory().Write(uint32(in.packet), packet) {
			return nil, errCodec
		}
		samples := in.call("opus_decode", in.decoder, in.packet, uint64(len(packet)), in.sound, maxSamples, 0)
		pcm, ok := in.module.Memory().Read(uint32(in.sound), 2*uint32(max(samples, 0)))
		if samples <= 0 || samples > maxSamples || !ok {
			return nil, errCodec
		}
		for ; len(pcm) > 0; pcm = pcm[2:] {
			sound = append(sound, int16(binary.LittleEndian.Uint16(pcm)))
		}
	}
	return sound, nil
}
