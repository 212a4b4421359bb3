# Checks objects of Kubernetes, JSON on the standard input, by the types of its API: no field that the API does not know,
# none missing that it demands, and no value of another type. Prints what is wrong, a line each.
import json
import re
import sys

from kubernetes.client import models


def check(value, kind, path):
    listed = re.fullmatch(r'list\[(.+)\]', kind)
    mapped = re.fullmatch(r'dict\(str, (.+)\)', kind)
    if listed:
        if not isinstance(value, list):
            return complain(path, 'is no list')
        for place, entry in enumerate(value):
            check(entry, listed[1], f'{path}[{place}]')
    elif mapped:
        if not isinstance(value, dict):
            return complain(path, 'is no map')
        for key, entry in value.items():
            check(entry, mapped[1], f'{path}.{key}')
    elif hasattr(models, kind):
        check_model(value, getattr(models, kind), path)
    elif kind in scalars and not isinstance(value, scalars[kind]):
        complain(path, f'is no {kind}')


def check_model(value, model, path):
    if not isinstance(value, dict):
        return complain(path, 'is no object')
    kinds = {name: model.openapi_types[attribute] for attribute, name in model.attribute_map.items()}
    attributes = {name: attribute for attribute, name in model.attribute_map.items()}
    for name, entry in value.items():
        if name in kinds:
            check(entry, kinds[name], f'{path}.{name}')
        else:
            complain(path, f'has no field {name}')
    try:
        model(**{attributes[name]: entry for name, entry in value.items() if name in attributes})
    except ValueError as error:
        complain(path, str(error))


def complain(path, what):
    print(f'{path} {what}')


# The type `object` also stands for a number or a text: a port, a share in per cent.
scalars = {'str': str, 'int': int, 'bool': bool}
prefixes = {'v1': 'V1', 'apps/v1': 'V1', 'batch/v1': 'V1', 'policy/v1': 'V1'}

for document in json.load(sys.stdin):
    kind = document['kind']
    check_model(document, getattr(models, prefixes[document['apiVersion']] + kind), kind)
