"""Uploads every file of a folder with a pool of boto3 threads: library-rival.py <folder> <endpoint> <prefix>."""

import concurrent.futures
import os
import sys

import boto3
import botocore.config

folder, endpoint, prefix = sys.argv[1:]
THREADS = 10
client = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="bench",
    aws_secret_access_key="bench",
    config=botocore.config.Config(max_pool_connections=THREADS * 4, s3={"addressing_style": "path"}),
)
files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
    sent = [pool.submit(client.upload_file, file, "media", prefix + os.path.relpath(file, folder)) for file in files]
    for one in sent:
        one.result()
