namespace Runner.Engine.Hub.Events;

/// <summary>An event that is to be written to the outbox.</summary>
/// <param name="Resource">What it is about; events of one resource go out in order.</param>
/// <param name="Body">The JSON that the hub gets.</param>
internal sealed record HubEvent(string Resource, string Type, string ClusterId, string Body);
