using System.Text.Json;
using k8s.Models;

namespace Runner.Engine.Clusters.Reading;

/// <summary>Reads how a container stands.</summary>
internal static class ContainerStatusReader
{
    public static V1ContainerStatus Read(ref Utf8JsonReader reader, SharedValues shared)
    {
        var status = new V1ContainerStatus();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("name"u8))
            {
                status.Name = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("image"u8))
            {
                status.Image = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("ready"u8))
            {
                status.Ready = JsonFields.Flag(ref reader) == true;
            }
            else if (reader.ValueTextEquals("started"u8))
            {
                status.Started = JsonFields.Flag(ref reader);
            }
            else if (reader.ValueTextEquals("restartCount"u8))
            {
                status.RestartCount = (int)(JsonFields.Number(ref reader) ?? 0);
            }
            else if (reader.ValueTextEquals("allocatedResources"u8))
            {
                status.AllocatedResources = shared.Quantities(ref reader);
            }
            else if (reader.ValueTextEquals("state"u8))
            {
                status.State = State(ref reader, shared);
            }
            else if (reader.ValueTextEquals("lastState"u8))
            {
                status.LastState = State(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return status;
    }

    private static V1ContainerState? State(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var state = new V1ContainerState();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("running"u8))
            {
                state.Running = Running(ref reader);
            }
            else if (reader.ValueTextEquals("waiting"u8))
            {
                state.Waiting = Waiting(ref reader, shared);
            }
            else if (reader.ValueTextEquals("terminated"u8))
            {
                state.Terminated = Terminated(ref reader, shared);
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    private static V1ContainerStateRunning? Running(ref Utf8JsonReader reader)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var running = new V1ContainerStateRunning();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("startedAt"u8))
            {
                running.StartedAt = JsonFields.Time(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return running;
    }

    private static V1ContainerStateWaiting? Waiting(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var waiting = new V1ContainerStateWaiting();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("reason"u8))
            {
                waiting.Reason = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                waiting.Message = shared.Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return waiting;
    }

    private static V1ContainerStateTerminated? Terminated(ref Utf8JsonReader reader, SharedValues shared)
    {
        if (!JsonFields.Enter(ref reader))
        {
            return null;
        }

        var terminated = new V1ContainerStateTerminated();
        while (JsonFields.Next(ref reader))
        {
            if (reader.ValueTextEquals("exitCode"u8))
            {
                terminated.ExitCode = (int)(JsonFields.Number(ref reader) ?? 0);
            }
            else if (reader.ValueTextEquals("signal"u8))
            {
                terminated.Signal = (int?)JsonFields.Number(ref reader);
            }
            else if (reader.ValueTextEquals("reason"u8))
            {
                terminated.Reason = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                terminated.Message = shared.Text(ref reader);
            }
            else if (reader.ValueTextEquals("startedAt"u8))
            {
                terminated.StartedAt = JsonFields.Time(ref reader);
            }
            else if (reader.ValueTextEquals("finishedAt"u8))
            {
                terminated.FinishedAt = JsonFields.Time(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return terminated;
    }
}
