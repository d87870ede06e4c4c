"""What conformance/crash.sh kills Kemudi under: writers that note what was acknowledged, and the check of those notes.

    client.py write NOTES API KUBECONFIG ETCD   writes until the server is gone
    client.py check NOTES API KUBECONFIG ETCD   prints one line a fault; exit 1 when there was one

Four ConfigMaps are counted up with the same number and a filler of that number's length in each, one thread creates and
deletes ConfigMaps, and one etcdctl puts two keys in one transaction. A note is one JSON line, written after the answer came.
"""
import base64, http.client, json, os, re, ssl, subprocess, sys, tempfile, threading

COUNTERS = 4
TRANSACTION_SECONDS = 2  # etcdctl 3.4 waits for ever for a server that was killed in the middle of a write
MAPS = "/api/v1/namespaces/default/configmaps"


def filler(number):
    return ("%d " % number) * (1 + number % 200)


class Api:
    def __init__(self, address, kubeconfig):
        text = open(kubeconfig).read()
        part = lambda key: base64.b64decode(re.search(key + r'"?:\s*"?([A-Za-z0-9+/=]+)', text).group(1))
        self.context = ssl.create_default_context(cadata=part("certificate-authority-data").decode())
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(part("client-certificate-data") + b"\n" + part("client-key-data"))
            pair.flush()
            self.context.load_cert_chain(pair.name)
        self.address = re.sub(r"^https://", "", address).rstrip("/")

    def connection(self):
        return http.client.HTTPSConnection(self.address, context=self.context, timeout=20)


def call(connection, method, path, body=None):
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class Notes:
    def __init__(self, path):
        self.lock, self.path = threading.Lock(), path

    def add(self, **note):
        with self.lock, open(self.path, "a") as out:
            out.write(json.dumps(note) + "\n")

    def all(self):
        return [json.loads(line) for line in open(self.path)] if os.path.exists(self.path) else []


def count_up(api, notes, name):
    connection = api.connection()
    status, now = call(connection, "GET", f"{MAPS}/{name}")
    if status == 404:
        now = {"metadata": {"name": name}, "data": {"number": "0"}}
        status, now = call(connection, "POST", MAPS, now)
    while status in (200, 201):
        number = int(now["data"]["number"]) + 1
        notes.add(about=name, tried=number)
        now["data"] = {"number": str(number), "again": str(number), "filler": filler(number)}
        status, now = call(connection, "PUT", f"{MAPS}/{name}", now)
        if status == 200:
            notes.add(about=name, done=number, revision=int(now["metadata"]["resourceVersion"]))
    notes.add(unexpected=f"{status} {now}")


def create_and_delete(api, notes):
    connection, number = api.connection(), int.from_bytes(os.urandom(6), "big")
    while True:
        number += 1
        name = f"made-{number}"
        status, made = call(connection, "POST", MAPS, {"metadata": {"name": name}})
        if status != 201:
            return notes.add(unexpected=f"{status} {made}")
        notes.add(made=name, revision=int(made["metadata"]["resourceVersion"]))
        if number % 2:
            notes.add(deleting=name)
            status, gone = call(connection, "DELETE", f"{MAPS}/{name}")
            if status != 200:
                return notes.add(unexpected=f"{status} {gone}")
            notes.add(deleted=name)


def etcdctl(etcd, *words, said=None):
    return subprocess.run(["etcdctl", "--endpoints", etcd, "--command-timeout=5s", "-w", "json", *words], input=said,
                          capture_output=True, text=True, timeout=TRANSACTION_SECONDS, env={**os.environ, "ETCDCTL_API": "3"})


def transactions(etcd, notes):
    done = max([n["done"] for n in notes.all() if n.get("about") == "etcd" and "done" in n], default=0)
    tried = max([n["tried"] for n in notes.all() if n.get("about") == "etcd" and "tried" in n], default=done)
    number = max(done, tried)
    while True:
        number += 1
        notes.add(about="etcd", tried=number)
        answer = etcdctl(etcd, "txn", said=f"\nput crash/left {number}\nput crash/right {number}\n\n\n")
        if answer.returncode != 0:
            return
        notes.add(about="etcd", done=number, revision=json.loads(answer.stdout)["header"]["revision"])


def until_gone(work, *arguments):
    try:
        work(*arguments)
    except (OSError, http.client.HTTPException, json.JSONDecodeError, subprocess.TimeoutExpired):
        pass  # killed in the middle of an answer: what was asked last is not acknowledged


def write(notes, api, etcd):
    tasks = [(count_up, api, notes, f"counter-{i}") for i in range(COUNTERS)]
    tasks += [(create_and_delete, api, notes), (transactions, etcd, notes)]
    threads = [threading.Thread(target=until_gone, args=task) for task in tasks]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def check(notes, api, etcd):
    written, faults, connection = notes.all(), [], api.connection()
    status, listed = call(connection, "GET", MAPS)
    if status != 200:
        return [f"the list answers {status}: {listed}"]
    there = {item["metadata"]["name"]: item for item in listed["items"]}
    faults += [f"refused without reason: {n['unexpected']}" for n in written if "unexpected" in n]
    highest = max([n["revision"] for n in written if "revision" in n], default=0)
    if int(listed["metadata"]["resourceVersion"]) < highest:
        faults.append(f"revision went back: {listed['metadata']['resourceVersion']} after {highest}")
    for name in {n["about"] for n in written if n.get("about", "etcd") != "etcd"}:
        done = max([n["done"] for n in written if n.get("about") == name and "done" in n], default=0)
        tried = max([n["tried"] for n in written if n.get("about") == name and "tried" in n])
        data = there.get(name, {}).get("data", {})
        number = int(data.get("number", -1))
        if not done <= number <= tried:
            faults.append(f"{name} is {number}; acknowledged {done}, tried {tried}")
        elif number > 0 and (data.get("again"), data.get("filler")) != (str(number), filler(number)):
            faults.append(f"{name} is torn: {str(data)[:200]}")
    made, deleting, deleted = ({n[k] for n in written if k in n} for k in ("made", "deleting", "deleted"))
    faults += [f"lost: {name}" for name in made - deleting if name not in there]
    faults += [f"deleted and there again: {name}" for name in deleted if name in there]
    pair = json.loads(etcdctl(etcd, "get", "--prefix", "crash/").stdout)
    values = {base64.b64decode(kv["value"]).decode() for kv in pair.get("kvs", [])}
    done = max([n["done"] for n in written if n.get("about") == "etcd" and "done" in n], default=0)
    if len(values) > 1 or (done and int(min(values, default=-1)) < done):
        faults.append(f"etcd keys are {values}, acknowledged {done}")
    if pair["header"]["revision"] < highest:
        faults.append(f"etcd's revision went back: {pair['header']['revision']} after {highest}")
    acknowledged = sum("done" in n or "made" in n or "deleted" in n for n in written)
    print(f"{acknowledged} acknowledged writes, revision {pair['header']['revision']}")
    return faults


if __name__ == "__main__":
    action, path, address, kubeconfig, etcd = sys.argv[1:]
    if action == "write":
        write(Notes(path), Api(address, kubeconfig), etcd)
    else:
        found = check(Notes(path), Api(address, kubeconfig), etcd)
        print("\n".join(found), end="\n" if found else "")
        sys.exit(1 if found else 0)
