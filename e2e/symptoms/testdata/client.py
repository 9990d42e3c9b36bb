"""Asks each call that stands on a line of standard input, and tells what the library made of it.

A line in is {"url": ..., "stream": ...}, a line out the symptom as a JSON string.
The first argument is the library; "version" as the second prints its version.
"""
import asyncio
import importlib
import json
import sys

TIMEOUT = 2  # Seconds without a byte.


def question(call):
    return {"model": "qwen-plus", "stream": call["stream"], "messages": [{"role": "user", "content": "Hello!"}]}


class Answer:
    def __init__(self):
        self.text, self.done = "", False

    def whole(self, body):
        self.text, self.done = body["choices"][0]["message"]["content"], True

    def line(self, line):
        if not line.startswith("data:"):
            return
        data = line[5:].strip()
        if data == "[DONE]":
            self.done = True
            return
        for choice in json.loads(data)["choices"]:
            self.text += choice["delta"].get("content") or ""


class Refused(Exception):
    pass


def accept(status):
    if status != 200:
        raise Refused(f"HTTP {status}")


def with_urllib(call, answer):
    import urllib.error
    import urllib.request
    request = urllib.request.Request(call["url"], json.dumps(question(call)).encode(), {"Content-Type": "application/json", "Authorization": "Bearer any"})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as e:
        accept(e.code)
        raise
    with response:
        if not call["stream"]:
            return answer.whole(json.load(response))
        for line in response:
            answer.line(line.decode())


def with_requests(call, answer):
    import requests
    with requests.post(call["url"], json=question(call), headers={"Authorization": "Bearer any"}, stream=call["stream"], timeout=TIMEOUT) as response:
        accept(response.status_code)
        if not call["stream"]:
            return answer.whole(response.json())
        for line in response.iter_lines():
            answer.line(line.decode())


def with_httpx(call, answer):
    import httpx
    with httpx.Client(timeout=TIMEOUT) as client:
        headers = {"Authorization": "Bearer any"}
        if not call["stream"]:
            response = client.post(call["url"], json=question(call), headers=headers)
            accept(response.status_code)
            return answer.whole(response.json())
        with client.stream("POST", call["url"], json=question(call), headers=headers) as response:
            accept(response.status_code)
            for line in response.iter_lines():
                answer.line(line)


def with_aiohttp(call, answer):
    import aiohttp

    async def ask():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_read=TIMEOUT)) as session:
            async with session.post(call["url"], json=question(call), headers={"Authorization": "Bearer any"}) as response:
                accept(response.status)
                if not call["stream"]:
                    return answer.whole(await response.json())
                async for line in response.content:
                    answer.line(line.decode())

    async def bounded():
        task = asyncio.ensure_future(ask())
        _, waiting = await asyncio.wait({task}, timeout=3 * TIMEOUT)
        if waiting:
            raise Refused("waits on, although its time-out is over")
        await task

    asyncio.run(bounded())


def symptom(ask, call):
    answer, ended = Answer(), None
    try:
        ask(call, answer)
    except Refused as e:
        ended = str(e)
    except Exception as e:
        ended = f"{type(e).__name__}: {e}"
    return {"text": answer.text, "done": answer.done, "error": ended}


def main():
    library = sys.argv[1]
    if sys.argv[2:] == ["version"]:
        print(sys.version.split()[0] if library == "urllib" else importlib.import_module(library).__version__)
        return
    ask = {"urllib": with_urllib, "requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp}[library]
    for line in sys.stdin:
        print(json.dumps(symptom(ask, json.loads(line))), flush=True)


main()
