using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>The <c>Status</c> objects that tell of refusals and of successes without an object.</summary>
internal static class StatusObject
{
    public static JsonObject Failure(ApiException refusal)
    {
        var metadata = new JsonObject();
        if (refusal.Continue is not null)
        {
            metadata["continue"] = refusal.Continue;
        }

        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["status"] = "Failure",
            ["message"] = refusal.Message,
        };
        if (refusal.Reason.Length > 0)
        {
            status["reason"] = refusal.Reason;
        }

        if (refusal.Details is { } details)
        {
            status["details"] = Details(details);
        }

        status["code"] = refusal.Code;
        return status;
    }

    /// <summary>An object was deleted and is gone.</summary>
    public static JsonObject Deleted(ResourceType type, string name, string uid)
    {
        var status = Success();
        status["details"] = Details(new StatusDetails { Name = name, Group = type.Group.Length == 0 ? null : type.Group, Kind = type.Plural, Uid = uid });
        return status;
    }

    public static JsonObject Created()
    {
        var status = Success();
        status["code"] = 201;
        return status;
    }

    private static JsonObject Success() => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
    };

    private static JsonObject Details(StatusDetails details)
    {
        var json = new JsonObject();
        void Set(string name, string? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }

        Set("name", details.Name);
        Set("group", details.Group);
        Set("kind", details.Kind);
        Set("uid", details.Uid);
        if (details.Causes.Count > 0)
        {
            json["causes"] = new JsonArray([.. details.Causes.Select(Cause)]);
        }

        if (details.RetryAfterSeconds > 0)
        {
            json["retryAfterSeconds"] = details.RetryAfterSeconds;
        }

        return json;
    }

    private static JsonObject Cause(StatusCause cause)
    {
        var json = new JsonObject();
        if (cause.Reason.Length > 0)
        {
            json["reason"] = cause.Reason;
        }

        json["message"] = cause.Message;
        if (cause.Field is not null)
        {
            json["field"] = cause.Field;
        }

        return json;
    }
}
