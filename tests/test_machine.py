import os

import pytest

from scotopic import machine


@pytest.mark.parametrize(("text", "wanted"), [("1000", 1000), ("max", None)])
def test_the_memory_limit_of_a_container_counts(monkeypatch, tmp_path, text, wanted):
    (tmp_path / "memory.max").write_text(text)
    monkeypatch.setattr(machine, "_CGROUP_LIMITS", (str(tmp_path / "memory.max"),))
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert machine.memory() == (wanted or whole)


def test_the_default_memory_is_half_of_what_is_free_within_bounds(monkeypatch, tmp_path):
    for name in ("limit", "used", "info"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr(machine, "_CGROUP_LIMITS", (str(tmp_path / "limit"),))
    monkeypatch.setattr(machine, "_CGROUP_USED", (str(tmp_path / "used"),))
    monkeypatch.setattr(machine, "_CGROUP_STATS", (str(tmp_path / "stat"),))
    monkeypatch.setattr(machine, "_MEMINFO", str(tmp_path / "info"))
    assert machine.free_memory() is None and machine.default_memory() == 2 * 2**30
    (tmp_path / "info").write_text("MemTotal: 9 kB\nMemAvailable:    6291456 kB\n")
    assert machine.default_memory() == 3 * 2**30
    (tmp_path / "limit").write_text(str(3 * 2**30))
    (tmp_path / "used").write_text(str(2**30))
    assert machine.free_memory() == 2 * 2**30 and machine.default_memory() == 2**30
    (tmp_path / "stat").write_text(f"anon 5\ninactive_file {2**29}\n")
    assert machine.free_memory() == 2 * 2**30 + 2**29, "memory of cached files is freed when needed"
    (tmp_path / "stat").write_text("")
    (tmp_path / "used").write_text(str(3 * 2**30))
    assert machine.default_memory() == 512 * 2**20
    (tmp_path / "limit").write_text("max")
    (tmp_path / "info").write_text("MemAvailable: 99999999 kB\n")
    assert machine.default_memory() == 4 * 2**30


@pytest.mark.parametrize(("text", "wanted"), [("150000 100000", 2), ("50000 100000", 1)])
def test_the_processor_limit_of_a_container_counts(monkeypatch, tmp_path, text, wanted):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text("max 100000")
    monkeypatch.setattr(machine, "_CPU_MAX", str(tmp_path / "cpu.max"))
    monkeypatch.setattr(machine, "_CPU_QUOTA_V1", ("/nowhere", "/nowhere"))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert machine.threads() == 8
    (tmp_path / "cpu.max").write_text(text)
    assert machine.threads() == wanted
    monkeypatch.setattr(machine, "_CPU_MAX", "/nowhere")
    for name, number in zip(("quota", "period"), text.split(), strict=True):
        (tmp_path / name).write_text(number)
    pair = (str(tmp_path / "quota"), str(tmp_path / "period"))
    monkeypatch.setattr(machine, "_CPU_QUOTA_V1", pair)
    assert machine.threads() == wanted
