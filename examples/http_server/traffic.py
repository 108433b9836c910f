"""Requests as a web shop gets them: about 20 header fields, JSON orders, pages with parameters.

The test and scripts/demo send the same ones. Nothing here depends on time, chance or the machine.
"""

import json

HOST = "shop.example"

FIELDS = {
    "Host": HOST,
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,image/webp,*/*;q=0.8",
    "Accept-Language": "de-CH,de;q=0.8,en-US;q=0.5,en;q=0.3",
    "Accept-Encoding": "gzip, deflate, br",
    "Referer": "https://shop.example/basket/checkout?step=3&voucher=none",
    "Origin": "https://shop.example",
    "Authorization": "Bearer " + "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" * 4,
    "Cookie": "session=9f86d081884c7d659a2feaa0c55ad015; theme=dark; basket=3e23e8160039594a; "
              "consent=necessary%2Cstatistics; visited=mugs%2Ctea%2Cposters",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "DNT": "1",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "X-Forwarded-For": "203.0.113.195, 198.51.100.17",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": HOST,
    "X-Request-Id": "7f9c24e8-3b12-4fef-91e0-56a2d5a0c1b2",
    "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}

GOODS = ["Teapot, cast iron", "Mug with a mountain lake", "Poster \"Tarn at dawn\"", "Oolong 250 g",
         "Linen tea towel", "Bamboo whisk", "Honey from the Jura", "Tin for 500 g of tea"]


def order(number):
    """An order as a shop's front end posts it; the number decides how many lines it has."""
    lines = [{"line": index + 1,
              "sku": f"SKU-{(number * 37 + index * 11) % 9000 + 1000}",
              "title": GOODS[(number + index) % len(GOODS)],
              "quantity": (number + index) % 4 + 1,
              "price": {"amount": 1250 + 35 * index, "currency": "CHF", "tax_rate": 0.081},
              "gift": index % 3 == 0,
              "note": None,
              "tags": ["tea", "kitchen", "new"][: index % 3 + 1]}
             for index in range(6 + 3 * number)]
    return {"order": f"2024-{number:06d}",
            "customer": {"id": 48151623 + number, "name": "Ur\u0161a M\u00fcller", "vip": False,
                         "email": "ursa.mueller@mail.example",
                         "address": {"street": "Seestrasse 12", "zip": "8002",
                                     "city": "Z\u00fcrich", "country": "CH",
                                     "geo": [47.3667, 8.5333]}},
            "lines": lines,
            "shipping": {"method": "parcel", "express": number % 2 == 1, "cost": 7.5},
            "comment": "Please ring twice.\nThe dog is friendly."}


def request(method, target, body=b"", fields=None):
    """The bytes of one request."""
    fields = dict(FIELDS if fields is None else fields)
    if body:
        fields["Content-Type"] = "application/json"
        fields["Content-Length"] = str(len(body))
    head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


def mix():
    """What the demo sends over and over: three orders for each page."""
    requests = []
    for number in range(4):
        for part in range(3):
            text = json.dumps(order((number + part) % 4), ensure_ascii=part == 0)
            requests.append(request("POST", "/echo", text.encode("utf-8")))
        requests.append(request("GET", f"/page?name=Ur%C5%A1a+M&basket={number}&sort=price"
                                       "&filter=tea%2Ckitchen&page=2&utm_source=newsletter"))
    return requests
