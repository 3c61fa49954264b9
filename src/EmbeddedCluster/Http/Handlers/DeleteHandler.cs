using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>Deletes one object or all that are selected.</summary>
internal sealed class DeleteHandler(ObjectStore store)
{
    /// <summary>Built-in resources that answer the deleted object where others answer a Status.</summary>
    private static readonly HashSet<string> ReturnsObject =
        ["pods", "persistentvolumeclaims", "persistentvolumes", "podtemplates", "resourcequotas", "services", "serviceaccounts", "storageclasses.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "volumeattachments.storage.k8s.io"];

    public async Task DeleteAsync(ApiRequest request)
    {
        var options = Read(request, await BodyReader.ReadOptionsAsync(request.Http));
        var type = request.Type;
        if (type.Is("", "namespaces") && request.Info.Name is "default" or "kube-system" or "kube-public" && type.Is("", "namespaces"))
        {
            throw ApiErrors.Forbidden("", "namespaces", request.Info.Name!, "this namespace may not be deleted");
        }

        var before = store.Get(request.Key) ?? throw ApiErrors.NotFound(type.Group, type.Plural, request.Info.Name ?? "");
        options.Check(type, before);
        if (options.DryRun || request.DryRun)
        {
            await AnswerAsync(request, before, gone: !type.Is("", "namespaces"));
            return;
        }

        var last = store.Delete(request.Key, options.Propagation, options.GraceSeconds, now => options.Check(type, now));
        await AnswerAsync(request, last, gone: store.Get(request.Key)?.Uid != last.Uid);
    }

    public async Task DeleteCollectionAsync(ApiRequest request)
    {
        var options = Read(request, await BodyReader.ReadOptionsAsync(request.Http));
        var selection = ListOptions.Read(request);
        var type = request.Type;
        var snapshot = store.Snapshot(type.StorageGroup, type.Plural);
        var chosen = snapshot.Range(type.Namespaced ? selection.Namespace : null).Where(selection.Matches).ToList();
        if (!request.DryRun)
        {
            foreach (var item in chosen)
            {
                try
                {
                    store.Delete(item.Key, options.Propagation, options.GraceSeconds);
                }
                catch (ApiException gone) when (gone.Code == 404)
                {
                    // Deleted by someone else meanwhile, which is what was asked for.
                }
            }
        }

        var metadata = new JsonObject { ["resourceVersion"] = snapshot.ResourceVersion.ToString(CultureInfo.InvariantCulture) };
        await Answers.WriteAsync(request.Http, 200, ListHandler.Whole(request, chosen, metadata), request.Format.Yaml);
    }

    /// <summary>Removes one pod because its eviction was asked for.</summary>
    public void Evict(ObjectKey pod, JsonObject? options) =>
        store.Delete(pod, (string?)options?["propagationPolicy"], (int?)options?["gracePeriodSeconds"]);

    private static Task AnswerAsync(ApiRequest request, StoredObject stored, bool gone) => gone && (request.Type.Custom || !ReturnsObject.Contains(request.Type.QualifiedName))
        ? Answers.WriteAsync(request.Http, 200, StatusObject.Deleted(request.Type, stored.Key.Name, stored.Uid), request.Format.Yaml)
        : Answers.WriteObjectAsync(request, 200, stored);

    private static DeleteOptions Read(ApiRequest request, JsonObject body)
    {
        var propagation = (string?)body["propagationPolicy"] ?? request.Query("propagationPolicy");
        var orphan = (bool?)body["orphanDependents"] ?? (request.Query("orphanDependents") is null ? null : request.Flag("orphanDependents"));
        if (propagation is not (null or "Foreground" or "Background" or "Orphan"))
        {
            throw Invalid("FieldValueNotSupported", $"Unsupported value: \"{propagation}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
        }

        if (propagation is not null && orphan is not null)
        {
            throw Invalid("FieldValueInvalid", $"Invalid value: \"{propagation}\": orphanDependents and deletionPropagation cannot be both set");
        }

        return new DeleteOptions(
            propagation ?? (orphan == true ? "Orphan" : orphan == false ? "Background" : null),
            (int?)body["gracePeriodSeconds"] ?? (int?)request.Number("gracePeriodSeconds"),
            body["dryRun"] is JsonArray { Count: > 0 },
            (string?)body["preconditions"]?["uid"],
            (string?)body["preconditions"]?["resourceVersion"]);
    }

    private static ApiException Invalid(string reason, string message) =>
        ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", "", new StatusCause(reason, message, "propagationPolicy"));

    private sealed record DeleteOptions(string? Propagation, int? GraceSeconds, bool DryRun, string? Uid, string? ResourceVersion)
    {
        public void Check(ResourceType type, StoredObject stored)
        {
            if (Uid is not null && Uid != stored.Uid)
            {
                throw ApiErrors.Conflict(type.Group, type.Kind, stored.Key.Name,
                    $"the UID in the precondition ({Uid}) does not match the UID in record ({stored.Uid}). The object might have been deleted and then recreated");
            }

            var version = stored.ResourceVersion.ToString(CultureInfo.InvariantCulture);
            if (ResourceVersion is not null && ResourceVersion != version)
            {
                throw ApiErrors.Conflict(type.Group, type.Kind, stored.Key.Name,
                    $"the ResourceVersion in the precondition ({ResourceVersion}) does not match the ResourceVersion in record ({version}). The object might have been modified");
            }
        }
    }
}
