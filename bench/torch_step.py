"""One training step in PyTorch (eager, one thread), for the side-by-side timing of step-time.ts.

Reads one JSON request a line ({"network": name, "rows": n, "steps": k}) and answers with
{"processor": processor time of the k steps, "wall": time by the clock, "loss": mean loss}, both in seconds. The networks keep training between requests.
What is timed is what a training does with a fold: shuffle it, gather each batch, forward, weighted
binary cross-entropy on logits, backward, Adam.
"""
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)
torch.manual_seed(1)
CONTINUOUS, CATEGORIES, EMBEDDING, BATCH = 30, 4, 3, 256
LENGTH, FEATURES, HIDDEN, HEADS = 10, 8, 64, 4


class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class Tabular(nn.Module):
    """Embedding beside the continuous inputs; `dense`: every layer but the last passes its input on as well."""

    def __init__(self, depth, width, activation, dense=False):
        super().__init__()
        self.dense = dense
        self.embedding = nn.Embedding(CATEGORIES, EMBEDDING)
        size, layers = CONTINUOUS + EMBEDDING, []
        for _ in range(depth):
            layers.append(nn.Sequential(nn.Linear(size, width), activation()))
            nn.init.kaiming_normal_(layers[-1][0].weight, nonlinearity="relu")
            nn.init.zeros_(layers[-1][0].bias)
            size = size + width if dense else width
        self.layers = nn.ModuleList(layers)
        self.tail = nn.Linear(width, 1)

    @staticmethod
    def table(rows):
        table = torch.randn(rows, CONTINUOUS + 1)
        table[:, CONTINUOUS] = torch.randint(0, CATEGORIES, (rows,)).float()
        return table

    def forward(self, table):
        x = torch.cat([table[:, :CONTINUOUS], self.embedding(table[:, CONTINUOUS].long())], 1)
        for layer in self.layers[:-1]:
            x = torch.cat([layer(x), x], 1) if self.dense else layer(x)
        return self.tail(self.layers[-1](x))[:, 0]


class Sequential(nn.Module):
    """Ten objects of eight features, a body over them, one logit."""

    def __init__(self):
        super().__init__()
        self.tail = nn.Linear(HIDDEN, 1)

    @staticmethod
    def table(rows):
        return torch.randn(rows, LENGTH * FEATURES)

    def forward(self, table):
        return self.tail(self.body(table.view(-1, LENGTH, FEATURES)))[:, 0]


class Recurrent(Sequential):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(FEATURES, HIDDEN, batch_first=True)

    def body(self, objects):
        return self.gru(objects)[0][:, -1]


class Convolutions(Sequential):
    def __init__(self):
        super().__init__()
        sizes = [FEATURES, HIDDEN, HIDDEN, HIDDEN]
        pairs = zip(sizes[:-1], sizes[1:])
        self.layers = nn.ModuleList([nn.Conv1d(a, b, 3, padding=1) for a, b in pairs])

    def body(self, objects):
        x = objects.transpose(1, 2)
        for layer in self.layers:
            x = functional.relu(layer(x))
        return x.mean(2)


class Attention(Sequential):
    """Self-attention with one product for queries, keys and values, added to its input and normalised."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Linear(FEATURES, HIDDEN)
        self.projections = nn.ModuleList([nn.Linear(HIDDEN, 3 * HIDDEN) for _ in range(2)])
        self.outputs = nn.ModuleList([nn.Linear(HIDDEN, HIDDEN) for _ in range(2)])
        self.norms = nn.ModuleList([nn.LayerNorm(HIDDEN) for _ in range(2)])

    def body(self, objects):
        x = self.embedding(objects)
        for projection, output, norm in zip(self.projections, self.outputs, self.norms):
            batch = len(x)
            parts = projection(x).view(batch, LENGTH, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4)
            queries, keys, values = parts[0], parts[1], parts[2]
            scores = queries @ keys.transpose(2, 3) / math.sqrt(HIDDEN // HEADS)
            seen = torch.softmax(scores, 3) @ values
            x = norm(x + output(seen.transpose(1, 2).reshape(batch, LENGTH, HIDDEN)))
        return x.mean(1)


networks = {
    "dense": Tabular(6, 33, Swish, dense=True),
    "wide": Tabular(4, 100, Swish),
    "winner": Tabular(3, 600, nn.ReLU),
    "gru": Recurrent(),
    "conv": Convolutions(),
    "attention": Attention(),
}
optimisers = {name: torch.optim.Adam(network.parameters(), lr=1e-3) for name, network in networks.items()}


def run(name, rows, steps):
    network, optimiser = networks[name], optimisers[name]
    table = network.table(rows)
    targets = (torch.rand(rows) < 0.34).float()
    weights = torch.rand(rows) + 0.5
    total = 0.0
    start, busy = time.perf_counter(), time.process_time()
    order = torch.randperm(rows)
    for step in range(steps):
        at = step * BATCH % (rows - BATCH + 1)
        batch = order[at : at + BATCH]
        logits = network(table[batch])
        loss = functional.binary_cross_entropy_with_logits(logits, targets[batch], weight=weights[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.item()
    spent = {"processor": time.process_time() - busy, "wall": time.perf_counter() - start}
    return {**spent, "loss": total / steps}


def blas():
    """What multiplies matrices, by the names of the libraries that are loaded."""
    try:
        with open("/proc/self/maps") as maps:
            loaded = maps.read().lower()
    except OSError:
        return "an unknown BLAS"
    libraries = {"mkl": "MKL", "openblas": "OpenBLAS", "blis": "BLIS", "libblas": "BLAS"}
    return next((name for key, name in libraries.items() if key in loaded), "a BLAS of its own")


print(json.dumps({
    "torch": torch.__version__,
    "blas": blas(),
    "parameters": {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()},
}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(run(request["network"], request["rows"], request["steps"])), flush=True)
