using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

// How the images of a pod's containers are pulled, or cannot be.
internal sealed partial class PodRun
{
    // Goes on with the next container when this one runs, or when its image turns out to be missing; init containers must end first.
    private void Pull(ContainerRun container, Action next)
    {
        // The sidecar's image comes with the installation and is on every node.
        var present = images.Contains(container.Image) || container.Name == "queue-proxy";
        if (present && container.Spec.Text("imagePullPolicy") == "IfNotPresent" && !container.Behaviour.ImageMissing)
        {
            container.Pulled = true;
            record("Normal", "Pulled", $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod", container.Name);
            Create(container, next);
            return;
        }

        record("Normal", "Pulling", $"Pulling image \"{container.Image}\"", container.Name);
        if (container.Behaviour.ImageMissing)
        {
            In(FailedPullTime, () => PullFailed(container));
            if (!container.IsInit)
            {
                next();
            }

            return;
        }

        In(PullTime, () =>
        {
            container.Pulled = true;
            images.Add(container.Image);
            record("Normal", "Pulled", $"Successfully pulled image \"{container.Image}\" in 412ms (412ms including waiting). Image size: 183412786 bytes.", container.Name);
            Create(container, next);
        });
    }

    private void PullFailed(ContainerRun container)
    {
        var image = container.Image;
        var message = $"rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found";
        record("Warning", "Failed", $"Failed to pull image \"{image}\": {message}", container.Name);
        record("Warning", "Failed", "Error: ErrImagePull", container.Name);
        container.State = ContainerRun.Waiting("ErrImagePull", message);
        if (container.PullFailures++ == 0)
        {
            Settled(container);
        }

        Change();
        In(TimeSpan.FromMilliseconds(1550), () =>
        {
            record("Normal", "BackOff", $"Back-off pulling image \"{image}\"", container.Name);
            record("Warning", "Failed", "Error: ImagePullBackOff", container.Name);
            container.State = ContainerRun.Waiting("ImagePullBackOff", $"Back-off pulling image \"{image}\": ErrImagePull: {message}");
            Change();
        });
        In(BackOff(container.PullFailures) + TimeSpan.FromMilliseconds(1600), () =>
        {
            record("Normal", "Pulling", $"Pulling image \"{image}\"", container.Name);
            In(FailedPullTime, () => PullFailed(container));
        });
    }
}
