"""Prints the arrays in files that varigrad wrote: python3 read.py FILE…"""

import importlib
import sys


def scalars(tensorboard, path):
    events = tensorboard.EventAccumulator(path).Reload()
    return [(tag, [event.value for event in events.Scalars(tag)]) for tag in events.Tags()["scalars"]]


def weights(helper, path):
    model = importlib.import_module("onnx").load(path)
    return [(tensor.name, helper.to_array(tensor)) for tensor in model.graph.initializer]


# What is in the name of a file, the library that reads it, and how.
READERS = {
    ".npy": ("numpy", lambda numpy, path: [(path, numpy.load(path))]),
    ".npz": ("numpy", lambda numpy, path: numpy.load(path).items()),
    ".safetensors": ("safetensors.torch", lambda library, path: library.load_file(path).items()),
    ".onnx": ("onnx.numpy_helper", weights),
    ".tfevents": ("tensorboard.backend.event_processing.event_accumulator", scalars),
}

for path in sys.argv[1:]:
    module, read = next(reader for kind, reader in READERS.items() if kind in path)
    try:
        library = importlib.import_module(module)
    except ImportError:
        print(f"{path}: left out, Python has no {module.partition('.')[0]}")
        continue
    for name, values in read(library, path):
        print(name, getattr(values, "dtype", "list"), list(getattr(values, "shape", [len(values)])))
