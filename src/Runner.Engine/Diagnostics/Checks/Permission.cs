using Runner.Engine.Configuration;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>One thing that the engine asks of an API server.</summary>
/// <param name="Namespace">Empty for all namespaces and for cluster-scoped kinds.</param>
internal sealed record Permission(string Verb, string Group, string Resource, string Subresource, string Namespace)
{
    public override string ToString()
    {
        var resource = $"{Resource}{(Group.Length > 0 ? "." + Group : "")}{(Subresource.Length > 0 ? "/" + Subresource : "")}";
        return Namespace.Length > 0 ? $"{Verb} {resource} in {Namespace}" : $"{Verb} {resource}";
    }

    /// <summary>Everything that the engine calls. Pure.</summary>
    public static IReadOnlyList<Permission> Needed(RunnerOptions options)
    {
        var work = options.WorkloadNamespace;
        return
        [
            .. Of("list watch", "", "nodes", ""),
            .. Of("list watch", "", "pods", ""),
            .. Of("get delete", "", "pods", work),
            new("get", "", "pods", "log", work),
            .. Of("get", "", "namespaces", ""),
            .. Of("list watch", "apiextensions.k8s.io", "customresourcedefinitions", ""),
            .. Of("list watch", "apps", "deployments", ""),
            new("list", "storage.k8s.io", "storageclasses", "", ""),
            .. Of("list watch", "", "events", work),
            .. Of("get list watch create update", "", "configmaps", work),
            .. Of("get list create patch update delete", "", "secrets", work),
            .. Of("get create", "", "services", work),
            .. Of("list create patch delete", "", "persistentvolumeclaims", work),
            .. Of("get list watch create update delete", "serving.knative.dev", "services", work),
            .. Of("list watch patch", "serving.knative.dev", "revisions", work),
            .. Of("get list watch create patch delete", "argoproj.io", "workflows", work),
            .. Of("get list watch create update delete", "leaderworkerset.x-k8s.io", "leaderworkersets", work),
            .. Of("get list watch create delete", "agents.x-k8s.io", "sandboxes", work),
            .. options.Hub.ConfigMapName.Length > 0 ? Of("list watch", "", "configmaps", options.RunnerNamespace) : [],
            .. options.QuotaName.Length > 0 ? Of("list watch", "", "resourcequotas", work) : [],
        ];
    }

    private static IEnumerable<Permission> Of(string verbs, string group, string resource, string @namespace) =>
        verbs.Split(' ').Select(verb => new Permission(verb, group, resource, "", @namespace));
}

/// <param name="Allowed">What the API server says to a SelfSubjectAccessReview.</param>
internal sealed record PermissionAnswer(Permission Permission, bool Allowed);
