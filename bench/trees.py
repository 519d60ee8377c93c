"""scikit-learn and XGBoost on the events that bench/trees.ts wrote; one thread; CPU seconds, smallest of three."""
import json, sys, time
import numpy as np, xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

folder, repeats = sys.argv[1], 3
X = np.fromfile(folder + "/X.bin", dtype="f4").reshape(-1, 30)
y = np.fromfile(folder + "/y.bin", dtype="u1")


def measured(name, make, count):
    best = 1e9
    for _ in range(repeats):
        start = time.process_time()
        model = make().fit(X[:count], y[:count])
        best = min(best, time.process_time() - start)
    auc = roc_auc_score(y[250000:], model.predict_proba(X[250000:])[:, 1])
    print(json.dumps({"name": name, "seconds": best, "auc": auc}), flush=True)


measured("forest", lambda: RandomForestClassifier(n_estimators=100, n_jobs=1, random_state=1), 50000)
measured("boosting", lambda: xgboost.XGBClassifier(n_estimators=100, max_depth=6, learning_rate=0.1, tree_method="hist", n_jobs=1), 250000)
