#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_tensors.py LIST_TENSORS: files that NumPy and h5py write are read as they are; ours are read by h5py."""

import io
import os
import subprocess
import sys
import tempfile
import zipfile

import h5py
import numpy as np

program = sys.argv[1]
TYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"]


def tensors():
    random = np.random.default_rng(1)
    out = {}
    for name in TYPES:
        info = np.iinfo(name)
        values = random.integers(info.min, info.max, size=(2, 3, 5), dtype=name, endpoint=True)
        values.flat[0], values.flat[1] = info.min, info.max
        out["layer/" + name] = values
    out["number"] = np.int32(-7)
    out["vector"] = np.arange(1000, dtype=np.int16)
    out["empty"] = np.zeros((3, 0), dtype=np.int8)
    return out


def listing(values):
    lines = []
    for name in sorted(values):
        array = np.asarray(values[name])
        shape = "".join(f"{n} " for n in array.shape)
        lines.append(" ".join([f"{name} {array.dtype.name} [{shape}]"] + [str(v) for v in array.ravel()]))
    return "".join(line + "\n" for line in lines)


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def expect(path, values, *more):
    done = run(path, *more)
    assert done.returncode == 0, (path, done.stderr)
    assert done.stdout == listing(values), path
    assert done.stderr == "", done.stderr


def refuse(path, *fragments):
    done = run(path)
    assert done.returncode == 2, (path, done.returncode, done.stderr)
    for fragment in fragments:
        assert fragment in done.stderr, (path, fragment, done.stderr)


def write_hdf5(path, values, **options):
    with h5py.File(path, "w") as file:
        for name, array in values.items():
            shaped = options if np.asarray(array).size > 1 else {}
            file.create_dataset(name, data=array, **shaped)


def main():
    values = tensors()
    np.savez("plain.npz", **values)
    np.savez_compressed("small.npz", **values)
    expect("plain.npz", values)
    expect("small.npz", values, "ours.h5")
    with h5py.File("ours.h5") as file:
        for name, array in values.items():
            read = file[name][()]
            assert read.dtype == np.asarray(array).dtype and np.array_equal(read, array), name
    expect("ours.h5", values)

    write_hdf5("plain.h5", values)
    write_hdf5("chunked.h5", values, chunks=True, compression="gzip", shuffle=True)
    for path in ["plain.h5", "chunked.h5"]:
        expect(path, values)
    with h5py.File("latest.h5", "w", libver="latest") as file:
        for name, array in values.items():
            file[name] = array
    expect("latest.h5", values)

    # Big-endian in HDF5 is converted; uint64 is read if it fits.
    write_hdf5("big.h5", {"x": np.array([1, -2, 3], dtype=">i4"), "y": np.array([2**63 - 1], dtype="<u8")})
    expect("big.h5", {"x": np.array([1, -2, 3], dtype="i4"), "y": np.array([2**63 - 1], dtype="i8")})

    # What is refused names the file and the tensor.
    np.savez("float.npz", weight=np.ones(3, dtype=np.float32), good=np.ones(3, dtype=np.int8))
    refuse("float.npz", "float.npz:weight.npy: has elements of type \"<f4\"")
    np.savez("fortran.npz", x=np.asfortranarray(np.ones((2, 3), dtype=np.int8)))
    refuse("fortran.npz", "fortran.npz:x.npy: is in Fortran order; C order is expected")
    np.savez("big.npz", x=np.array([1], dtype=">i4"))
    refuse("big.npz", "big.npz:x.npy: has elements of type \">i4\"")
    np.savez("text.npz", x=np.array(["a"]))
    refuse("text.npz", "text.npz:x.npy: has elements of type \"<U1\"")
    np.savez("object.npz", x=np.array([None], dtype=object))
    refuse("object.npz", "object.npz:x.npy: has elements of type \"|O\"")
    np.savez("record.npz", x=np.zeros(1, dtype=[("a", "i4")]))
    refuse("record.npz", "record.npz:x.npy: has a header that is not understood")
    np.save("lone.npy", np.ones(1, dtype=np.int8))
    refuse("lone.npy", "is not a file of tensors in any known format (known: hdf5, npz)")
    with zipfile.ZipFile("nothing.npz", "w"):
        pass
    expect("nothing.npz", {})
    write_hdf5("float.h5", {"a/b": np.ones(3)})
    refuse("float.h5", "float.h5:/a/b: holds floating-point numbers; integers are expected")
    with h5py.File("text.h5", "w") as file:
        file["name"] = "text"
    refuse("text.h5", "text.h5:/name: holds strings; integers")
    with h5py.File("huge.h5", "w") as file:
        file.create_dataset("x", shape=(1 << 40,), dtype="i1", chunks=(1 << 10,))
    refuse("huge.h5", "huge.h5:/x: would take more than 4,294,967,296 bytes")
    with h5py.File("unwritten.h5", "w") as file:
        file.create_dataset("x", shape=(1 << 20,), dtype="i1", chunks=(1 << 10,))
    refuse("unwritten.h5", "unwritten.h5:/x: claims a shape but has no data")
    with h5py.File("circle.h5", "w") as file:
        file["a/b"] = np.ones(2, dtype=np.int8)
        file["a/c"] = file["a"]
    refuse("circle.h5", "groups are nested deeper than 32 levels")
    with h5py.File("links.h5", "w") as file:
        file["x"] = np.ones(2, dtype=np.int8)
        file["soft"] = h5py.SoftLink("/x")
        file["away"] = h5py.ExternalLink("/etc/passwd", "/")
    expect("links.h5", {"x": np.ones(2, dtype=np.int8)})

    # A bomb: a gigabyte of zeros in a megabyte is read only as far as the claimed shape goes.
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|i1", "fortran_order": False, "shape": (4,)})
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(64 << 20))
    refuse("bomb.npz", "bomb.npz:x.npy: does not end after the 4 elements")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
print("tensor files agree")
