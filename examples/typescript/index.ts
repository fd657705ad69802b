// A snapshot task on a live room and a snapshot job on a video file: the program that `pulumi up` runs.
import * as pulumi from "@pulumi/pulumi";
import { alibaba, volcengine } from "pulumi-videosnap";

const config = new pulumi.Config();

const lobby = new volcengine.SnapshotTask("lobby", {
    appId: config.get("appId") ?? "661e000000000000000543cf",
    roomId: config.get("roomId") ?? "Room1",
    imageConfig: { interval: config.getNumber("interval") ?? 5, width: 640, height: 360 },
    storageConfig: { tosConfig: { accountId: "2100000000", bucket: "frames" } },
    maxIdleTime: 200, // seconds
});

const stills = new alibaba.SnapshotJob("stills", {
    input: { location: "oss-cn-hangzhou", bucket: "media", object: "input.mp4" },
    snapshotConfig: {
        outputFile: { location: "oss-cn-hangzhou", bucket: "frames", object: "output_{Count}.jpg" },
        time: 2, // milliseconds
        interval: 2, // seconds
        num: 3,
        height: 360,
        frameType: "normal",
    },
});

export const task = lobby.id;
export const status = lobby.status;
export const job = stills.jobId;
export const frames = stills.frames;
