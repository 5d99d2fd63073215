// Somebody whose client trusts only devices that their owners have signed (MSC4153), as a process:
//     node strict.mjs SDK < settings
// SDK: a folder with matrix-js-sdk in it (node_modules). Settings: one line of JSON with homeserver,
// user_id, access_token, device_id, bot, before (said while all devices are still trusted), say,
// expect. Prints one line of JSON about what came of it.
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const lib = (name) => import(pathToFileURL(join(process.argv[2], "matrix-js-sdk", "lib", name)));
const sdk = await lib("index.js");
const { OnlySignedDevicesIsolationMode } = await lib("crypto-api/index.js");
const { logger } = await lib("logger.js");
logger.disableAll?.();
for (const level of ["trace", "debug", "log", "info", "warn", "error"]) {
    console[level] = () => {};
}

const line = await new Promise((resolve) =>
    createInterface({ input: process.stdin }).once("line", resolve),
);
const { homeserver, user_id, access_token, device_id, bot, before, say, expect } = JSON.parse(line);

const client = sdk.createClient({
    baseUrl: homeserver,
    userId: user_id,
    deviceId: device_id,
    accessToken: access_token,
});

/** Wait until `holds` says so, looking again at whatever happens; false after `seconds`. */
async function until(holds, seconds = 20) {
    const end = Date.now() + 1000 * seconds;
    while (Date.now() < end) {
        if (await holds()) return true;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
}

await client.initRustCrypto({ useIndexedDB: false });
const crypto = client.getCrypto();
await crypto.bootstrapCrossSigning({ authUploadDeviceSigningKeys: (upload) => upload(null) });
await client.startClient({ initialSyncLimit: 20 });
await until(() => client.isInitialSyncComplete());

const { room_id } = await client.createRoom({
    is_direct: true,
    invite: [bot],
    preset: "trusted_private_chat",
    initial_state: [
        {
            type: "m.room.encryption",
            state_key: "",
            content: { algorithm: "m.megolm.v1.aes-sha2" },
        },
    ],
});
await until(() => client.getRoom(room_id)?.getMember(bot)?.membership === "join");

const found = {};
await client.sendTextMessage(room_id, before);
crypto.setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
const of_bot = () =>
    (client.getRoom(room_id)?.getLiveTimeline().getEvents() ?? []).filter(
        (event) =>
            event.getSender() === bot &&
            (event.getWireType() === "m.room.encrypted" || event.getType() === "m.room.message"),
    );
await until(() => of_bot().some((event) => event.isEncrypted() && !event.isBeingDecrypted()));
await client.sendTextMessage(room_id, say);
found.answered = await until(
    () =>
        of_bot().some((event) => event.isEncrypted() && event.getContent().body?.includes(expect)),
    10,
);
found.failures = of_bot()
    .filter((event) => event.isDecryptionFailure())
    .map((event) => String(event.decryptionFailureReason));

const devices = (await crypto.getUserDeviceInfo([bot], true)).get(bot);
found.devices = [];
for (const id of devices.keys()) {
    const status = await crypto.getDeviceVerificationStatus(bot, id);
    found.devices.push({ id, signed_by_owner: status.signedByOwner });
}
found.shields = [];
for (const event of of_bot()) {
    const info = await crypto.getEncryptionInfoForEvent(event);
    found.shields.push(info && { colour: info.shieldColour, reason: info.shieldReason });
}
process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
