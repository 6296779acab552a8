"""What the figures depend on: processor, system, versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import llvmlite.binding as llvm

PACKAGES = ("lossfn", "numpy", "llvmlite", "torch", "jax", "optax", "scikit-learn")
FEATURES = ("avx512f", "avx2", "fma", "neon", "sve")


def facts(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return name and value of each fact."""
    features = llvm.get_host_cpu_features()
    found = {
        "processor": _processor(),
        "vectors": ", ".join(name for name in FEATURES if features.get(name)) or "unknown",
        "system": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver()) or 'libc unknown'}",
        "load before": _load(),
        "Python": platform.python_version(),
    }
    return found | {package: _version(package) for package in packages}


def _processor() -> str:
    """Return the model as Linux names it, and the micro-architecture as LLVM does."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.processor()} ({llvm.get_host_cpu_name()})"


def _load() -> str:
    """Return how many processes wanted a processor in the minute before: a calm machine has next to none."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors" if hasattr(os, "getloadavg") else "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
