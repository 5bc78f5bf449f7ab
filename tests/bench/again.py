#!/usr/bin/env python3
"""A second run that has nothing to change: 10 directories and 10 rendered files of 2 KB on each of N hosts; tidelab, pyinfra, Ansible.

    again.py [--hosts 16] [--runs 5] [--slow-runs 1, 0 for no Ansible] [--venv DIR]     (DIR: a Python environment with pyinfra and ansible-core)

Before: cmake --preset release && cmake --build --preset release --target bench_tools. Each tool makes the same things once, in a directory of its own,
and is then run again; that it found nothing to change is checked by what it says. Ansible is tuned: pipelining, ControlPersist, as many forks as
hosts, no facts; it runs `--slow-runs` times. See bench.py for what is measured.
"""
import argparse
import json
import pathlib
import re

import bench
from bench import BINARY, Field, load, rounds, table
from netlab import Wrong

HOME = pathlib.Path(__file__).resolve().with_name("home")
TEXT = (HOME / "playbooks/plain/templates/text").read_text()


def topology(field):
    lines = ["global: {user: root, ssh_type: builtin, deploy_dir: /opt}", "plain_servers:", *(f"  - host: {a}" for a in field.addresses)]
    path = field.folder / "plain.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def pyinfra(field, venv):
    (field.folder / "text.j2").write_text(TEXT.replace("${host}", "{{ host.name }}"))
    (field.folder / "inventory.py").write_text(
        f"hosts = {field.addresses!r}\n"
        f"all = (hosts, {{'ssh_user': 'root', 'ssh_key': {str(field.key)!r}, 'ssh_known_hosts_file': {str(field.known_hosts)!r}, 'ssh_strict_host_key_checking': 'yes'}})\n")
    (field.folder / "deploy.py").write_text(f"""
from pyinfra.operations import files
files.directory(path='/opt/pyinfra', mode='755')
for i in range(1, 10):
    files.directory(path=f'/opt/pyinfra/d{{i}}', mode='750')
for i in range(10):
    files.template(src={str(field.folder / 'text.j2')!r}, dest=f'/opt/pyinfra/f{{i}}', mode='640')
""")
    return [venv / "bin/pyinfra", "-y", field.folder / "inventory.py", field.folder / "deploy.py"]


def ansible(field, venv):
    (field.folder / "text.ansible.j2").write_text(TEXT.replace("${host}", "{{ inventory_hostname }}"))
    (field.folder / "inventory.ini").write_text("[all]\n" + "\n".join(field.net.hosts) + "\n")
    (field.folder / "play.yaml").write_text(f"""
- hosts: all
  gather_facts: false
  tasks:
    - file: {{path: /opt/ansible, state: directory, mode: '755'}}
    - file: {{path: '/opt/ansible/d{{{{ item }}}}', state: directory, mode: '750'}}
      loop: [1, 2, 3, 4, 5, 6, 7, 8, 9]
    - template: {{src: {field.folder}/text.ansible.j2, dest: '/opt/ansible/f{{{{ item }}}}', mode: '640'}}
      loop: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
""")
    (field.folder / "ansible.cfg").write_text(f"""
[defaults]
forks = {len(field.addresses)}
gathering = explicit
interpreter_python = /usr/bin/python3
host_key_checking = true
remote_user = root
[ssh_connection]
pipelining = true
ssh_args = -F {field.ssh_config} -o ControlMaster=auto -o ControlPersist=60s -o ControlPath={field.folder}/cm-%C
""")
    return [venv / "bin/ansible-playbook", "-i", field.folder / "inventory.ini", field.folder / "play.yaml"], {"ANSIBLE_CONFIG": str(field.folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"}


def found_all_so(name, cost):
    if name == "tidelab":
        good = json.loads(cost.out)["counts"]["steps"]["made"] == 0
    elif name == "pyinfra":
        good = re.search(r"Grand total.*?(\d+)\s+-\s+\1\s+-", cost.out) or "No changes" in cost.out
    else:
        good = re.search(r"changed=0", cost.out) and not re.search(r"changed=[1-9]|failed=[1-9]|unreachable=[1-9]", cost.out)
    if not good:
        raise Wrong(f"{name} did not find everything as it should be: {cost.out[-3000:]}")


def run():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slow-runs", type=int, default=1)
    parser.add_argument("--venv", type=pathlib.Path)
    given = parser.parse_args()
    with Field(given.hosts) as field:
        file = topology(field)
        ours = field.tidelab("up", file, "--format", "json", home=HOME)
        jobs = {"tidelab": lambda: field.cost(ours)}
        slow = {}
        if given.venv:
            argv = pyinfra(field, given.venv)
            jobs["pyinfra"] = lambda: field.cost(argv)
            play, env = ansible(field, given.venv)
            if given.slow_runs:
                slow["ansible, tuned"] = lambda: field.cost(play, env)
        first = {name: job() for name, job in (jobs | slow).items()}
        table(f"first run, {given.hosts} hosts, once, {load()} at the end", first, "tidelab")
        title = f"second run, nothing to change, {given.hosts} hosts, {given.runs} rounds (Ansible {given.slow_runs}), {load()} at the start"
        rows = rounds(given.runs, jobs, found_all_so) | rounds(given.slow_runs, slow, found_all_so)
        table(title, rows, "tidelab")
        traced = field.cost(field.tidelab("up", file, "--trace", home=HOME)).out
        print("\nof each host, as `--trace` counts: " + ", ".join(sorted(set(re.findall(r"trace: \S+: (\d+ remote commands.*)", traced)))))


if __name__ == "__main__":
    bench.main(run)
