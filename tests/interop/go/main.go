// Speaks the log's formats with golang.org/x/mod's sumdb/note and sumdb/tlog, the code of Go's checksum database.
//
//	interop verify FOLDER VKEY   checks a log that Matricula exported as static files
//	interop make FOLDER          makes such a log, with proofs, and prints the key's verifier
//
// The export is the tlog-tiles layout: checkpoint, tile/<L>/<N>[.p/<W>], tile/entries/<N>[.p/<W>]; beside it are
// proofs in files that the test writes or reads (see proofs below). Whatever does not hold ends the program.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The height of tiles in tlog-tiles: 256 hashes.
const height = 8

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 4 && os.Args[1] == "verify":
		verify(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "make":
		makeLog(os.Args[2])
	default:
		log.Fatal("usage: interop verify FOLDER VKEY | make FOLDER")
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return data
}

func write(folder, name string, data []byte) {
	path := filepath.Join(folder, name)
	must(os.MkdirAll(filepath.Dir(path), 0o777))
	must(os.WriteFile(path, data, 0o666))
}

// A checkpoint, by the key of its log.
type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func open(signed []byte, vkey string) checkpoint {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		log.Fatalf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return checkpoint{lines[0], tlog.Tree{N: size, Hash: root}}
}

// Tiles as tlog-tiles names them: without the height that the checksum database has in its paths.
type tiles struct{ folder string }

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(t.folder, pathOf(tile)))
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

func pathOf(tile tlog.Tile) string {
	path := tile.Path()
	if tile.L == -1 {
		return strings.Replace(path, "tile/8/data/", "tile/entries/", 1)
	}
	return strings.Replace(path, "tile/8/", "tile/", 1)
}

// The entries of the log: bundles of as many as a tile of level 0 has hashes, each with its length before it.
func entries(folder string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := 256
		if rest := size - n*256; rest < 256 {
			width = int(rest)
		}
		bundle := read(folder, pathOf(tlog.Tile{H: height, L: -1, N: n, W: width}))
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	if int64(len(all)) != size {
		log.Fatalf("%d entries in the bundles, %d in the tree", len(all), size)
	}
	return all
}

// Lines of hashes, in base64.
func hashes(text string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range strings.Fields(text) {
		hash, err := tlog.ParseHash(line)
		must(err)
		all = append(all, hash)
	}
	return all
}

func lines(all []tlog.Hash) string {
	var text strings.Builder
	for _, hash := range all {
		fmt.Fprintln(&text, hash)
	}
	return text.String()
}

func verify(folder, vkey string) {
	signed := read(folder, "checkpoint")
	now := open(signed, vkey)
	refuseChanged(signed, vkey)
	all := entries(folder, now.tree.N)
	reader := tlog.TileHashReader(now.tree, tiles{folder})
	root, err := tlog.TreeHash(now.tree.N, reader)
	must(err)
	if root != now.tree.Hash {
		log.Fatal("the tiles do not give the root")
	}
	for i, entry := range all {
		leaf := tlog.RecordHash(entry)
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		must(err)
		if stored[0] != leaf {
			log.Fatalf("entry %d is not what its tile says", i)
		}
	}
	checkInclusion(folder, now.tree, all, reader)
	checkConsistency(folder, now.tree, reader)
	fmt.Printf("%s: %d entries, sound\n", now.origin, now.tree.N)
}

// A signature over another text must not count.
func refuseChanged(signed []byte, vkey string) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	changed := bytes.Replace(signed, []byte("\n"), []byte("x\n"), 1)
	if _, err := note.Open(changed, note.VerifierList(verifier)); err == nil {
		log.Fatal("a changed checkpoint was opened")
	}
}

// Files inclusion/<index>: our proofs. Each must be the one that tlog makes, and be checked by it.
func checkInclusion(folder string, tree tlog.Tree, all [][]byte, reader tlog.HashReader) {
	files, err := os.ReadDir(filepath.Join(folder, "inclusion"))
	must(err)
	if len(files) == 0 {
		log.Fatal("no inclusion proof")
	}
	for _, file := range files {
		index, err := strconv.ParseInt(file.Name(), 10, 64)
		must(err)
		proof := tlog.RecordProof(hashes(string(read(folder, "inclusion/"+file.Name()))))
		leaf := tlog.RecordHash(all[index])
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf))
		theirs, err := tlog.ProveRecord(tree.N, index, reader)
		must(err)
		if lines(theirs) != lines(proof) {
			log.Fatalf("another proof of entry %d", index)
		}
		other := tlog.RecordHash(append([]byte("x"), all[index]...))
		if tlog.CheckRecord(proof, tree.N, tree.Hash, index, other) == nil {
			log.Fatalf("a proof of entry %d proves another entry", index)
		}
	}
}

// Files consistency/<size>: the root at that size, then our proof.
func checkConsistency(folder string, tree tlog.Tree, reader tlog.HashReader) {
	files, err := os.ReadDir(filepath.Join(folder, "consistency"))
	must(err)
	if len(files) == 0 {
		log.Fatal("no consistency proof")
	}
	for _, file := range files {
		size, err := strconv.ParseInt(file.Name(), 10, 64)
		must(err)
		all := hashes(string(read(folder, "consistency/"+file.Name())))
		proof, old := tlog.TreeProof(all[1:]), all[0]
		must(tlog.CheckTree(proof, tree.N, tree.Hash, size, old))
		theirs, err := tlog.ProveTree(tree.N, size, reader)
		must(err)
		if lines(theirs) != lines(proof) {
			log.Fatalf("another proof from size %d", size)
		}
		old[0] ^= 1
		if tlog.CheckTree(proof, tree.N, tree.Hash, size, old) == nil {
			log.Fatalf("a proof from size %d holds for another root", size)
		}
	}
}

// A key that everybody knows, made once with note.GenerateKey.
const (
	origin = "interop.example/go"
	seed   = "\x01golang.org/x/mod signs with this"
)

// What note.NewSigner reads: its key's hash is that of the verifier.
func keys() (signer note.Signer, vkey string) {
	skey, vkey, err := note.GenerateKey(bytes.NewReader([]byte(seed)), origin)
	must(err)
	signer, err = note.NewSigner(skey)
	must(err)
	return signer, vkey
}

const size = 1000

func makeLog(folder string) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		all := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			all[i] = stored[index]
		}
		return all, nil
	})
	var bundle []byte
	for i := int64(0); i < size; i++ {
		entry := []byte(fmt.Sprintf("entry %d of a log made in Go", i))
		added, err := tlog.StoredHashes(i, entry, reader)
		must(err)
		stored = append(stored, added...)
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
		if (i+1)%256 == 0 || i+1 == size {
			tile := tlog.Tile{H: height, L: -1, N: i / 256, W: int(i%256) + 1}
			write(folder, pathOf(tile), bundle)
			bundle = nil
		}
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		data, err := tlog.ReadTileData(tile, reader)
		must(err)
		write(folder, pathOf(tile), data)
	}
	root, err := tlog.TreeHash(size, reader)
	must(err)
	signer, vkey := keys()
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	write(folder, "checkpoint", signed)
	for _, index := range []int64{0, 1, 255, 256, 511, 640, 767, 768, 998, 999} {
		proof, err := tlog.ProveRecord(size, index, reader)
		must(err)
		write(folder, fmt.Sprintf("inclusion/%d", index), []byte(lines(proof)))
	}
	for _, old := range []int64{1, 2, 255, 256, 257, 512, 700, 999, 1000} {
		before, err := tlog.TreeHash(old, reader)
		must(err)
		proof, err := tlog.ProveTree(size, old, reader)
		must(err)
		write(folder, fmt.Sprintf("consistency/%d", old), []byte(before.String()+"\n"+lines(proof)))
	}
	fmt.Println(vkey)
}
