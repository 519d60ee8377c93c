"""Numbers of scikit-learn 1.2.1 and XGBoost 1.7.4 on the Higgs events of examples/higgs: AUC on one split, one small model."""
import gzip, csv, json, sys, numpy as np, xgboost as xgb, sklearn
from sklearn.ensemble import RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
rows=list(csv.DictReader(gzip.open(sys.argv[1],'rt')))
names=[n for n in rows[0] if n[:4] in('DER_','PRI_')]
X=np.array([[r[n] for n in names] for r in rows],dtype='f4'); y=np.array([r['Label']=='s' for r in rows]).astype(int)
w=np.array([r['Weight'] for r in rows],dtype='f8')
for c in (0,1): w[y==c]/=w[y==c].mean()
t=slice(0,12000);v=slice(12000,18000)
auc=lambda p:float(roc_auc_score(y[v],p,sample_weight=w[v]))
out={'origin':'scikit-learn %s, XGBoost %s; trained on events 0-11999, AUC on 12000-17999 of examples/higgs/data, weights of mean 1 in each class (all 18000)'%(sklearn.__version__,xgb.__version__),'features':names}
rf=[auc(RandomForestClassifier(n_estimators=200,random_state=s,n_jobs=2).fit(X[t],y[t],sample_weight=w[t]).predict_proba(X[v])[:,1]) for s in range(2)]
out['randomForest']={'options':{'n_estimators':200},'missing':-999,'auc':float(np.mean(rf)),'seeds':rf}
et=[auc(ExtraTreesClassifier(n_estimators=200,random_state=s,n_jobs=2).fit(X[t],y[t],sample_weight=w[t]).predict_proba(X[v])[:,1]) for s in range(2)]
out['extraTrees']={'options':{'n_estimators':200},'missing':-999,'auc':float(np.mean(et)),'seeds':et}
Z=np.where(X==-999,np.nan,X)
b=xgb.XGBClassifier(n_estimators=100,max_depth=4,learning_rate=0.1,tree_method='hist',n_jobs=2).fit(Z[t],y[t],sample_weight=w[t])
out['boosting']={'options':{'n_estimators':100,'max_depth':4,'learning_rate':0.1},'auc':auc(b.predict_proba(Z[v])[:,1])}
json.dump(out,open('higgs.json','w'),indent=1)
# a small model with what it predicts
small=xgb.XGBClassifier(n_estimators=4,max_depth=3,learning_rate=0.5,tree_method='hist').fit(Z[t][:,:8],y[t],sample_weight=w[t])
small.save_model('xgboost-binary.json')
k=np.minimum(2,np.digitize(Z[:,2],[60,100]));
multi=xgb.XGBClassifier(n_estimators=3,max_depth=3,learning_rate=0.5,tree_method='hist',objective='multi:softprob').fit(Z[t][:,:8][:,[0,1,3,4,5]],k[t])
multi.save_model('xgboost-multiclass.json')
cat=np.stack([X[:,22],np.digitize(X[:,13],[25,30,35,40,50,60])],1).astype('f4')
data=np.column_stack([cat,Z[:,2]])
D=lambda q,**k: xgb.DMatrix(data[q],feature_types=['c','c','q'],enable_categorical=True,**k)
c=xgb.train({'max_depth':3,'learning_rate':0.5,'tree_method':'hist','objective':'reg:squarederror','max_cat_to_onehot':2},D(t,label=X[t][:,9]),3)
c.save_model('xgboost-categorical.json')
s=slice(12000,12100)
f=lambda a:[[None if np.isnan(q) else float(q) for q in r] for r in a]
json.dump({'origin':'XGBoost %s, what its three models beside this file predict for Higgs events'%xgb.__version__,
 'binary':{'rows':f(Z[s][:,:8]),'predictions':[float(p) for p in small.predict_proba(Z[s][:,:8])[:,1]],
  'contributions':[[float(q) for q in r] for r in small.get_booster().predict(xgb.DMatrix(Z[s][:20,:8]),pred_contribs=True)]},
 'multiclass':{'rows':f(Z[s][:,:8][:,[0,1,3,4,5]]),'predictions':[[float(q) for q in r] for r in multi.predict_proba(Z[s][:,:8][:,[0,1,3,4,5]])]},
 'categorical':{'rows':f(data[s].astype('f8')),'predictions':[float(q) for q in c.predict(D(s))]}},open('xgboost-predictions.json','w'))
print(json.dumps({k:out[k]['auc'] for k in('randomForest','extraTrees','boosting')}),rf,et)
