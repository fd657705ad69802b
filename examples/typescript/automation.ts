// The program through the Automation API, for a CLI that has no language host for Node: `npm run automation up`.
import { LocalWorkspace } from "@pulumi/pulumi/automation";

async function main(command: string | undefined): Promise<void> {
    if (command !== "preview" && command !== "up" && command !== "destroy") {
        throw new Error("usage: npm run automation preview|up|destroy");
    }
    const program = async () => {
        const { task, status, job, frames } = await import("./index.js");
        return { task, status, job, frames };
    };
    const inline = { stackName: "dev", projectName: "videosnap-typescript", program };
    // The folder's Pulumi.yaml says where the plugin is.
    const stack = await LocalWorkspace.createOrSelectStack(inline, { workDir: "." });
    await stack[command]({ onOutput: (text) => process.stdout.write(text) });
}

main(process.argv[2]).catch((problem: unknown) => {
    console.error(problem instanceof Error ? problem.message : problem);
    process.exit(1);
});
