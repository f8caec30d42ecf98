import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { enrolment, formatToken } from '@selvedge/contract/enrolment';
import { answerFrame, confirmFrame, handshake } from '@selvedge/contract/link-build';
import { decodeFrame, encodeFrame, type LinkFrame } from '@selvedge/contract/link-frame';
import { readMessage } from '@selvedge/contract/link-message';
import { type WebSocket, WebSocketServer } from 'ws';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const keyPem = async (key: webcrypto.CryptoKey) =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/**
 * The cloud's end of the link, for tests: enrolment over HTTPS and a hub that keeps what it hears, answers what a node asks,
 * and confirms reports while it is told to.
 */
export class FakeCloud {
  /** Every frame that came, in order. */
  readonly frames: LinkFrame[] = [];
  readonly tokens = new Set(['e30.e30.good']);
  confirms = true;
  /** Answers the handshake as one of ours. */
  selvedge = true;
  /** When set: what whoever dials is refused with. */
  refusal: string | undefined;
  /** Certificates live this long. */
  certificateMs = 3_600_000;
  enrolled = 0;
  port = 0;
  token = '';
  #hub!: Server;
  #enrol!: Server;
  #socket: WebSocket | undefined;
  #tls!: { ca: x509.X509Certificate; caKeys: webcrypto.CryptoKeyPair; key: string; certificate: string };

  static async start(): Promise<FakeCloud> {
    const cloud = new FakeCloud();
    await cloud.#makeCertificates();
    for (let attempt = 0; attempt < 20; attempt++) if (await cloud.listen(0)) return cloud;
    throw new Error('found no two free ports with a distance of two');
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Opens both ports; false when one is taken. */
  async listen(port: number): Promise<boolean> {
    const { ca, key, certificate } = this.#tls;
    const tls = { key, cert: certificate, ca: ca.toString('pem') };
    this.#hub = createServer({ ...tls, requestCert: true, rejectUnauthorized: true });
    this.#enrol = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { authorization = '', [enrolment.nodeHeader]: node = '' } = request.headers;
        const byCertificate = (request.socket as unknown as { authorized: boolean }).authorized;
        this.#enrolment(request.url ?? '', authorization, byCertificate, String(node), Buffer.concat(chunks))
          .then(({ status, body }) => response.writeHead(status).end(body))
          .catch((error: unknown) => response.writeHead(500).end(String(error)));
      });
    });
    const wss = new WebSocketServer({
      server: this.#hub,
      perMessageDeflate: false,
      verifyClient: (_info, answer) => answer(this.refusal === undefined, 403, this.refusal),
    });
    wss.on('headers', (headers) => {
      if (this.selvedge) headers.push(`${handshake.selvedgeHeader}: ${handshake.selvedgeVersion}`);
    });
    wss.on('connection', (socket) => this.#accept(socket));
    // The hub's own failures are those of its server, seen by `open`.
    wss.on('error', () => {});
    if (!(await open(this.#hub, port))) return false;
    this.port = (this.#hub.address() as AddressInfo).port;
    if (await open(this.#enrol, this.port + 2)) return true;
    this.#hub.close();
    return false;
  }

  send(frame: LinkFrame): void {
    this.sendText(encodeFrame(frame));
  }

  sendText(text: string): void {
    this.#socket?.send(text);
  }

  /** Ends the session without a word. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Stops reading and answering, as a peer behind a dead line does. */
  freeze(): void {
    this.#socket?.pause();
  }

  async stop(): Promise<void> {
    this.cut();
    for (const server of [this.#hub, this.#enrol]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #accept(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    socket.on('message', (data) => {
      const frame = decodeFrame(String(data));
      this.frames.push(frame);
      const message = readMessage(frame);
      const stamp = { now: Date.now() };
      if ((message.type === 'twinReport' || message.type === 'stateReport') && this.confirms) {
        this.send(confirmFrame(stamp, frame));
      } else if (message.type === 'object') {
        const found = message.operation === 'query' ? null : { metadata: { name: message.name } };
        const Err = found ? null : { ErrStatus: { reason: 'NotFound', code: 404 } };
        this.send(answerFrame(stamp, frame, { Object: found, Err }));
      }
    });
  }

  async #enrolment(
    path: string,
    authorization: string,
    byCertificate: boolean,
    node: string,
    body: Buffer,
  ): Promise<{ status: number; body: Buffer | string }> {
    if (path === enrolment.caPath) return { status: 200, body: Buffer.from(this.#tls.ca.rawData) };
    if (path !== enrolment.certificatePath) return { status: 404, body: '' };
    const byToken = this.tokens.has(authorization.replace(/^Bearer /, ''));
    if (!byToken && !byCertificate) return { status: 401, body: 'Invalid authorization token' };
    const request = new x509.Pkcs10CertificateRequest(new Uint8Array(body));
    if (!(await request.verify(webcrypto))) return { status: 400, body: 'the request is not signed by its key' };
    if (request.subject !== `O=system:nodes, CN=system:node:${node}`) return { status: 400, body: request.subject };
    this.enrolled++;
    const certificate = await this.#certificate(request.subject, request.publicKey, []);
    return { status: 200, body: Buffer.from(certificate.rawData) };
  }

  async #makeCertificates(): Promise<void> {
    x509.cryptoProvider.set(webcrypto);
    const caKeys = await newKeys();
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=KubeEdge',
      keys: caKeys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true)],
    });
    this.#tls = { ca, caKeys, key: '', certificate: '' };
    const keys = await newKeys();
    const names = new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]);
    this.#tls.key = await keyPem(keys.privateKey);
    this.#tls.certificate = (await this.#certificate('O=KubeEdge, CN=KubeEdge', keys.publicKey, [names])).toString(
      'pem',
    );
    const caHash = createHash('sha256').update(Buffer.from(ca.rawData)).digest('hex');
    this.token = formatToken({ caHash, jwt: 'e30.e30.good' });
  }

  #certificate(
    subject: string,
    publicKey: x509.PublicKeyType,
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#tls.ca.subject,
      publicKey,
      signingKey: this.#tls.caKeys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - 1_000),
      notAfter: new Date(Date.now() + this.certificateMs),
      extensions,
    });
  }
}

function open(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}
