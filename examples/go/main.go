// A snapshot task on a live room and a snapshot job on a video file: the program that `pulumi up` runs.
package main

import (
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"example.com/pulumi-videosnap/sdk/go/videosnap/alibaba"
	"example.com/pulumi-videosnap/sdk/go/videosnap/volcengine"
)

func main() {
	if len(os.Args) > 1 {
		automate(os.Args[1])
		return
	}
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	lobby, err := volcengine.NewSnapshotTask(ctx, "lobby", &volcengine.SnapshotTaskArgs{
		AppId:  pulumi.String("661e000000000000000543cf"),
		RoomId: pulumi.String("Room1"),
		ImageConfig: volcengine.ImageConfigArgs{
			Interval: pulumi.Int(5), Width: pulumi.Int(640), Height: pulumi.Int(360),
		},
		StorageConfig: volcengine.StorageConfigArgs{TosConfig: volcengine.TosConfigArgs{
			AccountId: pulumi.String("2100000000"), Bucket: pulumi.String("frames"),
		}},
		MaxIdleTime: pulumi.Int(200), // seconds
	})
	if err != nil {
		return err
	}
	location := pulumi.String("oss-cn-hangzhou")
	stills, err := alibaba.NewSnapshotJob(ctx, "stills", &alibaba.SnapshotJobArgs{
		Input: alibaba.InputFileArgs{
			Location: location, Bucket: pulumi.String("media"), Object: pulumi.String("input.mp4"),
		},
		SnapshotConfig: alibaba.SnapshotConfigArgs{
			OutputFile: alibaba.OutputFileArgs{
				Location: location, Bucket: pulumi.String("frames"), Object: pulumi.String("output_{Count}.jpg"),
			},
			Time:      pulumi.Int(2), // milliseconds
			Interval:  pulumi.Int(2), // seconds
			Num:       pulumi.Int(3),
			Height:    pulumi.Int(360),
			FrameType: alibaba.SnapshotConfigFrameTypeNormal,
		},
	})
	if err != nil {
		return err
	}
	ctx.Export("task", lobby.ID())
	ctx.Export("status", lobby.Status)
	ctx.Export("job", stills.JobId)
	ctx.Export("frames", stills.Frames)
	return nil
}
