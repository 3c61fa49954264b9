namespace Runner.Engine.Values;

/// <summary>Checks values against each other and against the cluster.</summary>
internal sealed class CrossChecks(EffectiveValues values, CheckContext context, CheckReport report)
{
    public void Run()
    {
        var standalone = !values.IsTrue("global.chartContext.isBuiltIn");
        if (standalone)
        {
            Standalone();
        }

        if (values.IsTrue("logcollector.enabled") && standalone && values.Text("logcollector.loki.address").Length == 0)
        {
            report.Error("loki-missing", Key("logcollector.loki.address"), new("The log collector is on, but has no address of Loki.", "日志采集已启用，但没有 Loki 地址。"),
                new("Set logcollector.loki.address, or switch the collector off.", "请设置 logcollector.loki.address，或关闭日志采集。"));
        }

        if (values.IsTrue("global.gateway.tls.enabled") && values.Text("global.gateway.tls.secretName").Length == 0)
        {
            report.Error("tls-secret-missing", Key("global.gateway.tls.enabled"), new("TLS is on, but no Secret with a certificate is named.", "TLS 已启用，但没有指定含证书的 Secret。"),
                new($"Set {Key("global.gateway.tls.secretName")}.", $"请设置 {Key("global.gateway.tls.secretName")}。"));
        }

        if (values.Kind("registry.insecure") == ValueKind.Flag && !context.Chart.IsOurs && values.Text("registry.insecure") == "false")
        {
            report.Warn("false-is-true", Key("registry.insecure"), new($"Chart {context.Chart} takes any text here for true, \"false\" too: images would be pushed without checking certificates.",
                $"Chart {context.Chart} 把这里的任何文本（包括 \"false\"）都视为 true：推送镜像时将不校验证书。"), new("Remove the key to keep the checks.", "要保留校验，请删除此键。"));
        }

        var endpoint = values.Text("objectStore.endpoint");
        var secure = values.Text("objectStore.secure");
        if ((endpoint.StartsWith("https://", StringComparison.Ordinal) && secure == "false") || (endpoint.StartsWith("http://", StringComparison.Ordinal) && secure == "true"))
        {
            report.Warn("secure-mismatch", Key("objectStore.secure"), new("objectStore.secure contradicts the scheme of objectStore.endpoint.", "objectStore.secure 与 objectStore.endpoint 的协议不一致。"),
                secure == "false" ? new("Set it to true for https, or use http in the address.", "https 请设为 true，或把地址改为 http。") : new("Set it to false for http, or use https in the address.", "http 请设为 false，或把地址改为 https。"));
        }

        TwoNames();
        Labels();
    }

    /// <summary>Our chart takes old names and new ones, and refuses two that do not say the same.</summary>
    private void TwoNames()
    {
        foreach (var definition in context.Chart.IsOurs ? ValuesCatalogue.Instance.Values.Where(value => value.Keys.Count > 1) : [])
        {
            if (values.WrittenAt(definition) is { Count: > 1 } written && written.Any(key => !System.Text.Json.Nodes.JsonNode.DeepEquals(values.At(key), values.At(written[0]))))
            {
                report.Error("two-names", written[1], new($"'{written[0]}' and '{written[1]}' are one setting under two names, and they differ.", $"'{written[0]}' 与 '{written[1]}' 是同一设置的两个名称，但值不同。"),
                    new($"Keep '{written[0]}' and remove the other.", $"请保留 '{written[0]}'，删除另一个。"));
            }
        }
    }

    private void Standalone()
    {
        // Our chart takes it from a Secret as well.
        if (values.Text("hubAPIToken").Length == 0 && !(context.Chart.IsOurs && values.Text("console.existingSecret").Length > 0))
        {
            report.Error("token-missing", Key("hubAPIToken"), new("A runner on its own needs the token of CSGHub.", "独立部署的 Runner 需要 CSGHub 令牌。"),
                new("Set hubAPIToken to the API_TOKEN of the ConfigMap csghub-core of CSGHub.", "请把 hubAPIToken 设为 CSGHub 中 ConfigMap csghub-core 的 API_TOKEN。"));
        }

        if (values.Text("externalUrl").Length == 0)
        {
            report.Error("url-missing", Key("externalUrl"), new("A runner on its own needs the address of CSGHub.", "独立部署的 Runner 需要 CSGHub 的地址。"), new("Set externalUrl.", "请设置 externalUrl。"));
        }

        if (context.Chart < new ChartVersion(2, 4, 0) && (values.Text("registry.registry").Length == 0 || values.Text("registry.repository").Length == 0))
        {
            report.Warn("registry-missing", Key("registry.registry"), new("No registry for built images is named: builds cannot push.", "没有指定构建镜像的仓库：构建结果无法推送。"),
                new("Set registry.registry and registry.repository.", "请设置 registry.registry 和 registry.repository。"));
        }
    }

    private void Labels()
    {
        if (context.NodeLabels is not { Count: > 0 } labels)
        {
            return;
        }

        foreach (var id in (string[])["space.gpuModelLabel.typeLabel", "space.gpuModelLabel.capacityLabel"])
        {
            if (values.IsSet(id) && values.Text(id) is { Length: > 0 } label && !labels.Contains(label))
            {
                Missing(Key(id), label);
            }
        }

        foreach (var (label, _) in values.Node("nodeSelector") as System.Text.Json.Nodes.JsonObject ?? [])
        {
            if (!labels.Contains(label))
            {
                Missing(Key("nodeSelector").Child(label), label);
            }
        }
    }

    private void Missing(KeyPath path, string label) =>
        report.Warn("label-on-no-node", path, new($"No node of the cluster carries '{label}' now.", $"目前集群中没有节点带有 '{label}'。"), new("Check its spelling, or label the nodes.", "请检查拼写，或为节点打上标签。"));

    private KeyPath Key(string id) => values.KeyOf(id);
}
