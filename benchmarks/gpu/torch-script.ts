/** The program of PyTorch's part of the benchmark. It reads the cases as JSON from stdin, and prints each result as a line of JSON. */
export const TORCH_SCRIPT = `
import json, sys, time
try:
    import torch
    from torch.nn import functional as F
except ImportError:
    print(json.dumps({"absent": "PyTorch: python3 has no module torch"}))
    sys.exit()

def tell(**line):
    print(json.dumps(line), flush=True)

plan = json.load(sys.stdin)
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
where = torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads"

def finish():
    if cuda:
        torch.cuda.synchronize()

def median(values):
    return sorted(values)[len(values) // 2]

def clock(run):
    for _ in range(3):
        run()
    finish()
    repeat, kernels, launches = 1, [], []
    while len(kernels) < plan["rounds"]:
        start = time.perf_counter()
        for _ in range(repeat):
            run()
        launched = time.perf_counter() - start
        finish()
        total = time.perf_counter() - start
        if 1000 * total < plan["roundMs"] and repeat < 4096:
            repeat *= 2
            continue
        kernels.append(1000 * total / repeat)
        launches.append(1000 * launched / repeat)
    return {"compile": 0, "upload": None, "kernel": median(kernels), "submit": median(launches), "readback": None}

def read(times, run):
    reads = []
    for _ in range(3):
        result = run()
        finish()
        start = time.perf_counter()
        result.cpu()
        reads.append(1000 * (time.perf_counter() - start))
    return {**times, "readback": median(reads)}

def captured(run):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = run()
    def replay():
        graph.replay()
        return result
    return replay

def chain(x, y):
    xy = x * y
    return torch.tanh(torch.maximum(torch.log(torch.sqrt((torch.exp(xy + x) - y) ** 2 + xy)), y))

def operation(case):
    name = case["group"]
    if name.startswith("matmul"):
        a, b = case["transposeA"], case["transposeB"]
        return lambda x, y: (x.t() if a else x) @ (y.t() if b else y)
    return {
        "add": lambda x, y: x + y,
        "copy": lambda x: x.clone(),
        "copy of 100 columns as rows": lambda x: x.t().contiguous(),
        "exp": lambda x: torch.exp(x),
        "sum of all": lambda x: x.sum(),
        "sum of rows of 100": lambda x: x.sum(1),
        "chain of ten": chain,
    }[name]

too_slow = set()

def kernel(case):
    if case["group"] in too_slow:
        return
    f, operands = operation(case), [torch.rand(shape, device=device) for shape in case["operands"]]
    with torch.no_grad():
        run = lambda: f(*operands)
        start = time.perf_counter()
        run()
        finish()
        if 1000 * (time.perf_counter() - start) > plan["longestRunMs"]:
            too_slow.add(case["group"])
            return
        tell(case=case["index"], name=f"PyTorch eager, {where}", times=read(clock(run), run))
        if cuda:
            replay = captured(run)
            tell(case=case["index"], name="PyTorch, CUDA graph", times=read(clock(replay), replay))

def step(size, graph):
    hidden, latent, batch = size["hidden"], size["latent"], size["batch"]
    make = lambda i, o: torch.nn.Linear(i, o, device=device)
    enter, mean, spread, grow, out = (
        make(784, hidden), make(hidden, latent), make(hidden, latent), make(latent, hidden), make(hidden, 784))
    parameters = [p for layer in (enter, mean, spread, grow, out) for p in layer.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3, capturable=graph)
    x = torch.rand(batch, 784, device=device)
    def run():
        optimizer.zero_grad()
        h = F.relu(enter(x))
        mu, log_var = mean(h), spread(h)
        z = mu + torch.exp(0.5 * log_var) * torch.randn(batch, latent, device=device)
        recon = F.binary_cross_entropy_with_logits(out(F.relu(grow(z))), x, reduction="sum") / batch
        loss = recon + 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum() / batch
        loss.backward()
        optimizer.step()
        return loss.detach()
    return captured(run) if graph else run

def with_read(run):
    def both():
        run().item()
    return clock(both)["kernel"]

tell(description=f"PyTorch {torch.__version__}, {where}")
for size in plan["steps"]:
    for graph in [False, True] if cuda else [False]:
        run = step(size, graph)
        times = clock(run)
        name = "PyTorch, CUDA graph" if graph else f"PyTorch eager, {where}"
        found = {"compile": 0, "step": times["kernel"], "submit": times["submit"], "read": with_read(run)}
        tell(step=size["name"], name=name, times=found)
for case in plan["cases"]:
    kernel(case)
`;
