"""The chat that a Django project has: Channels' consumer, one group, its Redis layer. `CHAT_REDIS` is the address."""

import json
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [os.environ["CHAT_REDIS"]]},
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard("room", self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        body = json.loads(text_data)["body"]
        await self.channel_layer.group_send("room", {"type": "said", "body": body})

    async def said(self, event):
        await self.send(text_data=json.dumps({"body": event["body"]}))


application = ProtocolTypeRouter({"websocket": Chat.as_asgi()})
