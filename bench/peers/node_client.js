// Node as a careful reader would build it: ws, an https keep-alive agent, headers made ahead.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const WebSocket = require('ws');

const port = Number(process.env.VENUE_PORT);
const order = JSON.parse(process.env.ORDER_BODY);
const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: fs.readFileSync(process.env.CA) });
const headers = {
  'KALSHI-ACCESS-KEY': '11111111-2222-4333-8444-555555555555',
  'KALSHI-ACCESS-TIMESTAMP': '1700000000000',
  'KALSHI-ACCESS-SIGNATURE': 's'.repeat(344),
  'Content-Type': 'application/json',
};
const seen = new Set();
const feed = new WebSocket(`ws://127.0.0.1:${process.env.FEED_PORT}/ws`, { perMessageDeflate: false });

feed.on('message', (data) => {
  const text = data.toString();
  if (text === 'ping') {
    feed.send('pong');
    return;
  }
  const said = JSON.parse(text);
  const goal = `${said.gameId}/${said.score}`;
  if (seen.has(goal)) return;
  seen.add(goal);
  order.client_order_id = crypto.randomUUID();
  const body = JSON.stringify(order);
  const request = https.request(
    {
      host: '127.0.0.1',
      port,
      path: '/trade-api/v2/portfolio/events/orders',
      method: 'POST',
      agent,
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    },
    (response) => response.resume(),
  );
  request.setNoDelay(true);
  request.end(body);
});
feed.on('close', () => process.exit(0));
feed.on('error', () => process.exit(1));
