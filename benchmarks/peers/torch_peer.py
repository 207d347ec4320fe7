"""PyTorch as its examples show it: torch.optim.Adam, eager.

Arguments: the work file, seconds for steps, seconds for each matmul, threads (0: PyTorch's default),
and network, layers, batches and matmuls as JSON.
"""

import ctypes
import json
import os
import re
import sys
import time

import torch
from torch.nn import functional as F

path, step_seconds, matmul_seconds, threads, plan = sys.argv[1:6]
plan = json.loads(plan)
if int(threads) > 0:
    torch.set_num_threads(int(threads))

with open(path, "rb") as file:
    raw = bytearray(file.read())
header_size = int.from_bytes(raw[:8], "little")
header = json.loads(raw[8 : 8 + header_size])


def load(name):
    shape, (start, end) = header[name]["shape"], header[name]["data_offsets"]
    flat = torch.frombuffer(raw, dtype=torch.float32, offset=8 + header_size + start, count=(end - start) // 4)
    return flat.reshape(shape).clone()


layers = [[load(f"{name}.{part}").requires_grad_() for part in ("weight", "bias")] for name in plan["layers"]]
optimizer = torch.optim.Adam([p for layer in layers for p in layer], lr=1e-3)


def dense(x, sample):
    hidden, mean, log_variance, second, out = layers
    h = F.relu(F.linear(x, *hidden))
    z, mu, log_var = sample(F.linear(h, *mean), F.linear(h, *log_variance))
    return F.linear(F.relu(F.linear(z, *second)), *out), mu, log_var


def convolutional(x, sample):
    first, second, mean, log_variance, start, third, out = layers
    h = F.relu(F.conv2d(x.reshape(-1, 1, 28, 28), *first, stride=2, padding=1))
    h = F.relu(F.conv2d(h, *second, stride=2, padding=1)).flatten(1)
    z, mu, log_var = sample(F.linear(h, *mean), F.linear(h, *log_variance))
    h = F.relu(F.linear(z, *start)).reshape(-1, 64, 7, 7)
    h = F.relu(F.conv_transpose2d(h, *third, stride=2, padding=1))
    return F.conv_transpose2d(h, *out, stride=2, padding=1).flatten(1), mu, log_var


network = {"dense": dense, "convolutional": convolutional}[plan["network"]]


def negative_elbo(x, noise):
    logits, mu, log_var = network(x, lambda mu, log_var: (mu + torch.exp(0.5 * log_var) * noise, mu, log_var))
    recon = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum() / len(x)
    return recon + kl


def step(i):
    i %= plan["batches"]
    optimizer.zero_grad()
    loss = negative_elbo(load(f"batch.{i}"), load(f"noise.{i}"))
    loss.backward()
    optimizer.step()
    return loss.item()


now = time.process_time if os.environ.get("CLOCK") == "processor" else time.perf_counter


def clock(run, seconds):
    times, end, i = [], time.perf_counter() + seconds, 0
    while len(times) < 3 or time.perf_counter() < end:
        start = now()
        run(i)
        times.append(1000 * (now() - start))
        i += 1
    return times


def blas():
    """The BLAS library that PyTorch loaded, with the kernels that it chose; it may be the slow reference implementation."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = maps.read()
    except OSError:
        return "unknown BLAS"
    found = re.search(r"/\S*openblas\S*\.so\S*", mapped)
    if found:
        core = ctypes.CDLL(found[0]).openblas_get_corename
        core.restype = ctypes.c_char_p
        return f"OpenBLAS for {core().decode()}"
    return "reference BLAS" if "libblas" in mapped else "bundled BLAS"


losses = [step(i) for i in range(3)]
steps = clock(lambda i: step(3 + i), float(step_seconds))
matmuls = []
for product in plan["matmuls"]:
    a, b = load(product["a"]), load(product["b"])
    a, b = a.t() if product["transposeA"] else a, b.t() if product["transposeB"] else b
    with torch.no_grad():
        for _ in range(3):
            a @ b
        matmuls.append(clock(lambda _: a @ b, float(matmul_seconds)))

print(
    json.dumps(
        {
            "library": f"PyTorch {torch.__version__}, {blas()}",
            "threads": torch.get_num_threads(),
            "losses": losses,
            "steps": steps,
            "matmuls": matmuls,
        }
    )
)
